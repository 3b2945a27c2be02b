import pytest
import torch
from torch import nn

from mridiff.interfaces import Streams
from mridiff_amk_cdiffnet.block import AMKBlock, branch
from mridiff_amk_cdiffnet.completion import candidates, complete
from mridiff_amk_cdiffnet.net import AMKNet
from mridiff_amk_cdiffnet.objective import AMKObjective
from mridiff_sdk.codecs import bands
from mridiff_sdk.diffusions import NestedMasks
from mridiff_sdk.fourier import fft
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.training import MaskFamily


@pytest.mark.parametrize("reach", [3, 5, 7])
def test_a_branch_reaches_as_far_as_it_says(reach):
    with seeded_layers(0):
        part = branch(reach, 2)
    x = torch.zeros(1, 2, 21, 21, requires_grad=True)
    part(x)[0, 0, 10, 10].backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) + 1 == reach


def test_only_three_reaches_exist():
    with pytest.raises(ValueError, match="3, 5 or 7"):
        branch(9, 4)


def test_a_single_branch_has_no_choice():
    with seeded_layers(0):
        block = AMKBlock(2, 4, reaches=(5,))
    assert block.gate is None and not any("gate" in name for name, _ in block.named_parameters())


def test_branches_start_alike_and_each_band_chooses_for_itself(net):
    with seeded_layers(0):
        block = AMKBlock(6, 4)
    rings, x = bands(8, 8, (0.1, 0.4, 0.8)), torch.randn(2, 6, 8, 8, generator=torch.Generator().manual_seed(0))
    h = torch.nn.functional.silu(x) * (1 + block.film(torch.ones(4))[:6, None, None]) + block.film(torch.ones(4))[6:, None, None]
    torch.testing.assert_close(block(x, torch.ones(2, 4), rings), x + sum(part(h) for part in block.branches) / 3)
    logits, model = [], net()
    for layer, shape in [(model.choose, (4, -1)), *((m.gate, (4, -1)) for m in model.modules() if isinstance(m, AMKBlock))]:
        layer.register_forward_hook(lambda _, __, found, shape=shape: logits.append(found.reshape(len(found), *shape)))
    model(fft(Streams.of(0).normal((4, 32, 32))), 0.5)
    assert logits and all((w[:, 0] - w[:, -1]).abs().max() > 1e-3 for w in logits)


def test_bands_see_their_own_branches():
    """With one branch per ring the block is that branch there."""
    with seeded_layers(0):
        block = AMKBlock(2, 4, bands=2, reaches=(3, 7))
    logits = torch.zeros(2, 2, 2)
    logits[0, :, 0] = logits[1, :, 1] = 50
    with torch.no_grad():
        block.gate[-1].bias.copy_(logits.flatten())
        block.film.weight.zero_()
        block.film.bias.zero_()
        x, rings = torch.randn(1, 2, 16, 16, generator=torch.Generator().manual_seed(0)), bands(16, 16, (0.5,))
        out, h = block(x, torch.zeros(1, 4), rings), nn.functional.silu(x)
    torch.testing.assert_close(out[..., 8, 8], (x + block.branches[0](h))[..., 8, 8])
    torch.testing.assert_close(out[..., 0, 0], (x + block.branches[1](h))[..., 0, 0])


def test_without_training_the_candidates_count_alike(net):
    """One round adds their mean, and nothing is drawn."""
    with seeded_layers(0):
        network = AMKNet(widths=(8, 12), features=8, grid=32, radii=16, rounds=1)
    k = fft(Streams.of(0).normal((4, 32, 32)))
    M = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)) < 0.5
    with torch.no_grad():
        g = complete(M * k, M, network.warm)
        expected = torch.where(M, k, g + torch.stack(candidates(g, network.shares)).mean(0))
        torch.testing.assert_close(network(M * k, 0.5), expected)


def test_whitened_values_are_of_order_one_for_any_matrix(net):
    network = net()
    r = torch.hypot(*(g.float() - 32 for g in torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")))
    wide = network.weight(64, 64)
    torch.testing.assert_close(wide[32, 32:40], 2 * network.weight(32, 32)[16, 16:24])  # the same image has twice the values
    assert wide[r > 20].std() == 0  # beyond the table


def test_odd_sizes_and_full_kspace(net):
    k = fft(Streams.of(0, samples=2).normal((4, 19, 22)))
    network = net()
    assert torch.equal(network(k, torch.tensor([0.1, 0.9])), k)
    M = torch.rand(19, 22, generator=torch.Generator().manual_seed(0)) < 0.5
    found = network((M * k).to(torch.complex128), 0.5)
    assert found.dtype == torch.complex128 and torch.equal(found * M, (M * k).to(torch.complex128))


@pytest.mark.parametrize("n", [16, 19, 21, 22, 30])
def test_margins_keep_the_origin_at_the_centre(net, n):
    before, after = net(widths=(4, 4, 4)).margins(n)
    full = before + n + after
    assert full % 4 == 0 and full - n < 4 and min(before, after) >= 0 and before + n // 2 == full // 2


def test_a_file_keeps_the_profile(net, tmp_path):
    network = net()
    network.save(tmp_path / "w.safetensors")
    torch.testing.assert_close(AMKNet.load(tmp_path / "w.safetensors").weight(32, 32), network.weight(32, 32), rtol=2e-3, atol=1e-3)


def test_the_loss_has_its_three_parts():
    batch = {"x": Streams.of(0, samples=2).normal((3, 16, 16)), "place": torch.tensor([0.5, 0.9]), "stride": torch.tensor(0.05)}
    with seeded_layers(0):
        model = AMKNet(coils=3, widths=(4, 4), features=4, grid=16, radii=8)
    parts = []
    for weights in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
        objective = AMKObjective(MaskFamily(accelerations=(2.0, 2.0), centre=0.1), NestedMasks("auto", "centre_out"), *weights)
        ((name, loss),) = objective.losses(model, batch, Streams.of(0, samples=2))
        assert name == "restorer" and float(loss.detach()) > 0
        parts.append(float(loss.detach()))
    assert abs(sum(parts[:3]) - parts[3]) < 1e-4 * parts[3]
