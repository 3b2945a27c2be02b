"""deepinv's samplers, denoiser and physics, in the units and with the noise of the house."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.io import write_weights
from mridiff_sdk.seeds import seeded_layers
from mridiff_sdk.testing import Operators, closed_form

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("deepinv", reason="deepinv is not installed")
OPERATORS = Operators(FourierOperator, SenseOperator)


@pytest.fixture
def bridge():
    from mridiff_peers.deepinv_bridge import Bridge

    case = closed_form("smooth", 3, operators=OPERATORS)
    return case, Bridge(case.prior, case.problem, Streams.of(0, samples=2), 1.5)


def test_images_and_data_come_back_and_the_adjoint_is_one(bridge):
    case, b = bridge
    x = Streams.of(0, "x", 2).normal((6, 5), torch.complex128)
    u = b.channels(x)
    torch.testing.assert_close(b.image(u), x)
    y = torch.view_as_real(case.problem.y - case.problem.linear(x)).movedim(-1, 1) / 3
    torch.testing.assert_close(b.y - b.physics.A(u), y)
    v = Streams.of(0, "v", 2).normal(b.y.shape[1:], torch.float64)
    torch.testing.assert_close((b.physics.A(u) * v).sum(), (u * b.physics.A_adjoint(v)).sum())


def test_the_noise_level_is_that_of_a_channel(bridge):
    case, b = bridge
    assert b.sigma == pytest.approx(0.1 / 2**0.5 / 3)
    x = Streams.of(0, "x", 2).normal((6, 5), torch.complex128)
    torch.testing.assert_close(b.image(b.denoiser(b.channels(x), 0.2)), case.prior.denoise(x, 0.2 * 2**0.5 * 3))


@pytest.mark.parametrize("name", ["DeepinvDPS", "DeepinvDiffPIR", "DeepinvDPIR"])
def test_what_is_measured_is_met(name):
    """All of k-space with little noise: little is left to the prior, whose images are of unit variance."""
    from mridiff_peers.deepinv_diffpir import DeepinvDiffPIR
    from mridiff_peers.deepinv_dpir import DeepinvDPIR
    from mridiff_peers.deepinv_dps import DeepinvDPS

    case = closed_form("smooth", 3, 0.05, operators=OPERATORS)
    sampler = {"DeepinvDPS": DeepinvDPS, "DeepinvDiffPIR": DeepinvDiffPIR, "DeepinvDPIR": DeepinvDPIR}[name](case.prior, bound=6.0)
    x = sampler(case.problem, Streams.of(0, samples=4)).mean(0, keepdim=True)
    A, y = case.problem.linear, case.problem.y
    assert (A(x) - y).norm() < 0.15 * y.norm() and (x - case.mean).norm() < 0.3 * case.mean.norm()


def test_two_blocks_are_refused():
    from dataclasses import replace

    from mridiff_peers.deepinv_bridge import Bridge

    case = closed_form("smooth", 1, operators=OPERATORS)
    with pytest.raises(TypeError, match="one block of data with Gaussian noise"):
        Bridge(case.prior, replace(case.problem, y=(case.problem.y, case.problem.y)), Streams.of(0), 1.5)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_drunet_gives_what_the_library_gives(tmp_path, channels):
    from deepinv.models import DRUNet as Network

    from mridiff_peers.deepinv_drunet import DRUNet, DRUNetReal

    with seeded_layers(0):
        model = Network(channels, channels, nc=(4, 8, 12, 16), nb=2, pretrained=None).eval()
    write_weights(tmp_path / "net.safetensors", model.state_dict(), {})
    kind, other = (DRUNetReal, DRUNet) if channels == 1 else (DRUNet, DRUNetReal)
    prior = kind(str(tmp_path / "net.safetensors"), bound=2.0)
    x = Streams.of(0, "x", 2).normal((20, 24), torch.float32 if channels == 1 else torch.complex64)
    u = 0.5 + (x[:, None] if channels == 1 else torch.view_as_real(x).movedim(-1, 1)) / 4
    with torch.no_grad():
        theirs = 4 * (model(u, 0.1 if channels == 1 else 0.1 / 2**0.5) - 0.5)
    theirs = theirs[:, 0] if channels == 1 else torch.complex(theirs[:, 0], theirs[:, 1])
    torch.testing.assert_close(prior(x, 0.4), theirs)
    with pytest.raises(DataError, match=rf"the network has {channels} channel\(s\)"):
        other(str(tmp_path / "net.safetensors"))
    write_weights(tmp_path / "net.safetensors", {"a": torch.ones(1)}, {})
    with pytest.raises(DataError, match="not the parameters of a DRUNet"):
        kind(str(tmp_path / "net.safetensors"))


def test_its_physics_is_sense():
    from mridiff_peers.deepinv_sense import DeepinvSense

    rng = Streams.of(0, "scan", 2)
    acquisition = {"sensitivity_maps": Field(simulate_maps(3, (12, 9), 0)[None], ("coil", "y", "x"))}
    acquisition |= {"mask": Field((rng.uniform((12, 9)) < 0.5).float(), ("ky", "kx"))}
    scan, x = Measured(torch.zeros(2, 3, 12, 9, dtype=torch.complex64), Gaussian(0.1), acquisition), rng.normal((12, 9))
    torch.testing.assert_close(DeepinvSense.for_scan(scan)(x), SenseOperator.for_scan(scan)(x), rtol=1e-5, atol=1e-5)
