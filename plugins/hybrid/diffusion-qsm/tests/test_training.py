import pytest
import torch

from mridiff.errors import DataError
from mridiff_diffusion_qsm.net import VolumeNet
from mridiff_diffusion_qsm.prior import TRAINED, UNIT, Patch, QsmPatches
from mridiff_diffusion_qsm.source import Cubes, volume
from mridiff_sdk.diffusions import VP
from mridiff_sdk.seeds import seeded_layers


def test_cubes_are_cut_out_of_volumes_and_mirrored():
    volumes = torch.arange(2 * 10**3, dtype=torch.float32).reshape(2, 10, 10, 10)
    source = Cubes(volumes, 4, seed=0)
    whole, part = source.batch(3, range(6)).truth["x"], source.batch(3, [4, 5]).truth["x"]
    assert whole.shape == (6, 4, 4, 4) and torch.equal(whole[4:], part) and not torch.equal(whole, source.batch(4, range(6)).truth["x"])
    for cube in whole:
        steps = [int(cube.diff(dim=d).flatten()[0]) for d in range(3)]
        assert [abs(s) for s in steps] == [100, 10, 1]  # neighbours stay neighbours
    seen = [int(c.diff(dim=0).flatten()[0]) > 0 for c in source.batch(0, range(16)).truth["x"]]
    assert 0 < sum(seen) < 16


def test_training_volumes_are_in_units_of_the_network_and_differ_from_those_of_the_tests():
    x, other = volume(0, 16), volume(1000, 16)
    assert 0.05 < float(x.std()) < 0.5 and abs(float(x.mean())) < 1e-3 and not torch.equal(x, other)


def test_the_network_is_asked_at_the_noise_of_the_chain(tmp_path):
    with seeded_layers(0):
        net = VolumeNet([4, 8], [1, 1], 8, 2, 0.2, (0.01, 157.0))
    net.save(tmp_path / "own.safetensors")
    x, chain = torch.randn(2, 9, 8, 10, generator=torch.Generator().manual_seed(0)), VP(levels=1000)
    prior = Patch(str(tmp_path / "own.safetensors"))
    for t in (0.1, 0.2, torch.tensor([0.2, 0.9])):
        ratio = torch.as_tensor(chain.ratio(t), dtype=torch.float32).reshape(-1, 1, 1, 1)
        alpha = torch.as_tensor(chain.alpha(t), dtype=torch.float32).reshape(-1, 1, 1, 1)
        untrained = x / alpha * (0.04 / ((UNIT / TRAINED * ratio) ** 2 + 0.04))  # a network that is zero leaves the skip
        torch.testing.assert_close(prior(x, t), untrained, rtol=1e-3, atol=1e-5)
    with pytest.raises(DataError, match="no weights"):
        QsmPatches("liver")
