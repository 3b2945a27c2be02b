from types import SimpleNamespace

import pytest
import torch
from calibrated_parts import CONFIG, registry

from mridiff.errors import DataError
from mridiff.interfaces import Prior, Scaling, Space, Streams
from mridiff.pipeline.method import Reconstruction, load, load_dataset
from mridiff.spec import PriorSpec, Trait
from mridiff_sdk import fourier
from mridiff_sdk.diffusions import VE
from mridiff_sdk.uncertainty import calibrate, misfit

SIZE = 32
RADIUS = torch.hypot(*torch.meshgrid(torch.linspace(-1, 1, SIZE), torch.linspace(-1, 1, SIZE), indexing="ij"))
POWER = 400 / (1 + (RADIUS * SIZE / 2) ** 2) ** 2


class Smooth(Prior):
    """Images whose power falls with frequency: the exact denoiser."""

    def __init__(self):
        super().__init__()
        self.space, self.diffusion, self.scaling = Space(("y", "x")), VE(), Scaling("fixed", 1.0)

    def forward(self, x_t, t, conditions=None, rng=None):
        return fourier.ifft(POWER / (POWER + float(t) ** 2) * fourier.fft(x_t))


class Asks(Smooth):
    """Reads the zero-filled image too."""

    def conditions(self, problem):
        return {"first": problem}


def method(prior=None, offers=(Trait.DENOISER,), names=("prior",)):
    """What `misfit` reads of one."""
    spec = PriorSpec(name="p", summary="p", target="t:T", axes=("y", "x"), offers=frozenset(offers))
    choice = SimpleNamespace(priors={name: SimpleNamespace(spec=spec, qualified=f"mine/{name}") for name in names})
    return SimpleNamespace(plan=SimpleNamespace(choice=choice), priors={"prior": prior or Smooth()}, device=torch.device("cpu"))


def result(index, odd=0.0, everywhere=0.0, scale=1.0, samples=2, axes=("y", "x")):
    """Draws of the prior about a smooth object, with a chequered patch of size `odd`, and chequers `everywhere`."""
    x = 8 * torch.exp(-((RADIUS / 0.5) ** 2)) + fourier.ifft(POWER.sqrt() * Streams.of(0, f"x{index}").normal((SIZE, SIZE)))
    chequered = (torch.arange(SIZE)[:, None] + torch.arange(SIZE)) % 2 * 2 - 1
    patch = everywhere * chequered
    patch[14:18, 14:18] += odd * chequered[14:18, 14:18]
    x = scale * (x + patch).expand(samples, -1, -1)
    return Reconstruction(f"s{index}", x.mean(0, keepdim=True), x, axes, scale)


def test_it_rises_with_what_the_prior_does_not_know_and_with_nothing_else():
    usual, odd = ([misfit(method(), result(i, odd=size)) for i in range(6)] for size in (0.0, 4.0))
    assert max(usual) < min(odd)
    assert misfit(method(), result(0, everywhere=2.0)) < 0.7 * odd[0]  # more in all, and nowhere odd
    assert misfit(method(), result(0, odd=8.0)) > misfit(method(), result(0, odd=4.0))
    assert misfit(method(), result(0, scale=50.0)) == pytest.approx(usual[0], rel=1e-3)
    assert misfit(method(), result(0)) == usual[0] and misfit(method(), result(0, samples=7)) == pytest.approx(usual[0], rel=1e-3)


@pytest.mark.parametrize(("made", "axes", "words"), [
    (method(offers=()), ("y", "x"), "what one denoiser says .* this method has mine/prior"),
    (method(names=("a", "b")), ("y", "x"), "this method has mine/a, mine/b"),
    (method(names=()), ("y", "x"), "this method has no prior"),
    (method(), ("voxel", "echo"), r"axes \(voxel, echo\)"),
    (method(Asks()), ("y", "x"), "Asks reads more than the image"),
])  # fmt: skip
def test_it_is_refused_with_the_reason(made, axes, words):
    with pytest.raises(DataError, match=words):
        misfit(made, result(0, axes=axes))


def test_a_calibration_knows_what_is_usual(tmp_path):
    made = load(CONFIG, registry())
    scans = load_dataset(made.plan)
    calibration = calibrate(made, scans)
    assert set(calibration.misfits) == {scan.id for scan in scans}
    assert calibration.misfits["p3/1"] == misfit(made, made(scans[7]))
    assert calibration.unusual(float("inf")) == 1 and calibration.unusual(0.0) == 0
    middle = sorted(calibration.misfits.values())[9]
    assert calibration.unusual(middle) == 0.5
