import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_mc_diffusion.net import PairNet
from mridiff_mc_diffusion.noise import Uneven, shares
from mridiff_mc_diffusion.prior import JointPrior
from mridiff_mc_diffusion.train import Pairs, pairs, validator
from mridiff_sdk.diffusions import VE
from mridiff_sdk.seeds import seeded_layers


def net(joint, std=(1.0, 1.0)):
    with seeded_layers(0):
        model = PairNet({"widths": [8], "blocks": [1], "features": 8, "unshuffle": 2}, 0.38, (0.01, 20.0), std, joint)
    for n in model.nets:
        torch.nn.init.normal_(n.tail.weight, generator=torch.Generator().manual_seed(0))
    return model.requires_grad_(False)


def test_independent_networks_never_see_the_other_modality_and_the_joint_one_does():
    x = torch.randn(1, 2, 16, 16, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, 1] = 0
    assert torch.equal(net(False)(x, 0.5)[:, 0], net(False)(other, 0.5)[:, 0])
    assert float((net(True)(x, 0.5) - net(True)(other, 0.5))[:, 0].abs().max()) > 1e-3


def test_the_networks_of_both_priors_have_one_size():
    joint, apart = (sum(p.numel() for p in net(j).parameters()) for j in (True, False))
    assert joint - apart == 2 * 4 * 9 * 8  # four more channels into the first convolution of each, and nothing else


def test_levels_outside_of_the_training_count_as_its_ends():
    x = torch.randn(2, 2, 16, 16)
    assert torch.equal(net(True)(x, 100.0), net(True)(x, 20.0))
    torch.testing.assert_close(net(True)(x, torch.tensor([0.3, 2.0]))[1:], net(True)(x[1:], 2.0))


def test_each_modality_has_its_own_noise():
    x = torch.randn(1, 2, 16, 16)
    even, uneven = net(False), net(False, (1.0, 0.25))
    torch.testing.assert_close(uneven(x, 2.0)[:, 0], even(x, 2.0)[:, 0])
    torch.testing.assert_close(uneven(x, 2.0)[:, 1], even(x, 0.5)[:, 1])
    drawn = Uneven((1.0, 0.25))(torch.zeros(1, 2, 64, 64), Streams.of(0))
    assert [float(d.std()) for d in drawn[0]] == pytest.approx([1.0, 0.25], rel=0.05)
    assert shares(VE(source=Uneven((1.0, 0.25))), 2) == (1.0, 0.25) and shares(VE(), 2) == (1.0, 1.0)


def test_the_score_of_each_modality_is_that_in_its_noise(tmp_path):
    net(True, (1.0, 0.25)).save(tmp_path / "w.safetensors")
    prior, x = JointPrior(str(tmp_path / "w.safetensors")), torch.randn(1, 2, 16, 16)
    want = (prior(x, 0.8) - x) / torch.tensor([0.8, 0.2])[:, None, None] ** 2
    torch.testing.assert_close(prior.score(x, 0.8), want)


def test_joint_networks_start_as_the_independent_ones_they_come_from(tmp_path):
    first = net(False)
    first.save(tmp_path / "first.safetensors")
    x = torch.randn(1, 2, 16, 16)
    for joint in (True, False):
        model = net(joint, (1.0, 0.25))
        torch.nn.init.normal_(model.nets[0].head.weight)
        model.start_from(tmp_path / "first.safetensors")
        torch.testing.assert_close(model(x, 0.5), net(False, (1.0, 0.25))(x, 0.5), atol=5e-3, rtol=0)
    net(True).save(tmp_path / "joint.safetensors")
    with pytest.raises(DataError, match=r"nets.0.head.weight: the shape is"):
        net(False).start_from(tmp_path / "joint.safetensors")


def test_batches_are_turned_pairs_of_the_pool_by_update_and_place():
    source = Pairs(pairs(range(3), 16), seed=0)
    whole, part = source.batch(3, range(6)).truth["x"], source.batch(3, [4, 5]).truth["x"]
    assert torch.equal(whole[4:], part) and not torch.equal(whole, source.batch(4, range(6)).truth["x"])
    sums = {tuple(x.sum((-2, -1)).mul(100).round().int().tolist()) for x in source.images}
    assert {tuple(x.sum((-2, -1)).mul(100).round().int().tolist()) for x in whole} <= sums


def test_validation_tells_the_error_of_each_modality():
    x0 = pairs(range(4), 16)
    model = net(False, (1.0, 0.25))
    model.forward = lambda x, sigma: torch.stack((x0[:, 0], x[:, 1]), 1)
    found = validator(x0)(model)
    assert found["pet_error_over_sigma_0.3"] == 0 and found["mr_error_over_sigma_0.3"] == pytest.approx(0.25, abs=0.03)


def test_a_missing_file_of_weights_is_named():
    with pytest.raises(DataError, match="no-such"):
        JointPrior("no-such.safetensors")
