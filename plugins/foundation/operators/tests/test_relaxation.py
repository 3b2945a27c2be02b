"""A series as an image and its rates, against the formula."""

from math import pi

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.relaxation import RelaxationSense
from mridiff_sdk.fourier import fft

TIMES = torch.tensor([[5.0, 10, 20, 40]], dtype=torch.float64)


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def scan(**more):
    mask = (torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(2)) < 0.5).double()
    acquisition = {"mask": Field(mask, ("t", "ky", "kx")), "sensitivity_maps": Field(normal(1, 3, 5, 6), ("coil", "y", "x"))}
    return Measured(normal(1, 3, 4, 5, 6), Gaussian(0.1), acquisition | {k: Field(v, ("t",), "ms") for k, v in more.items()})


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("frequency", [False, True])
def test_frames_are_the_image_with_its_weights(inverted, frequency):
    measured = scan(**{"inversion_times" if inverted else "echo_times": TIMES})
    A = RelaxationSense.for_scan(measured, frequency=frequency)
    x, rate, f = normal(2, 5, 6), normal(2, 5, 6, seed=4).abs() / 20, normal(2, 5, 6, seed=5).real / 50
    phi = {"rate": rate, "frequency": f} if frequency else {"rate": rate}
    assert A.nuisance.keys() == phi.keys()
    assert {n.unit for n in A.nuisance.values()} == {"1/ms"}
    maps, mask = (measured.acquisition[n].data for n in ("sensitivity_maps", "mask"))
    for i, t in enumerate(TIMES[0]):
        left = torch.exp(-t * rate)
        frame = (1 - 2 * left if inverted else left) * x * (torch.exp(-2j * pi * t * f) if frequency else 1)
        torch.testing.assert_close(A.at(phi)(x)[:, :, i], mask[:, i, None] * fft(maps * frame[:, None]))


def test_the_first_look_at_full_data_is_the_image():
    maps, x = normal(1, 3, 5, 6), normal(1, 5, 6)
    maps = maps / maps.norm(dim=1, keepdim=True)
    A = RelaxationSense(maps, torch.ones(1, 4, 5, 6, dtype=torch.float64), TIMES).at({"rate": normal(1, 5, 6, seed=4).abs() / 20})
    torch.testing.assert_close(A.rough(A(x)), x)


def test_rates_are_bounded_and_times_are_needed():
    A = RelaxationSense.for_scan(scan(echo_times=TIMES))
    project = A.nuisance["rate"].project
    torch.testing.assert_close(project(torch.tensor([-1.0, 0.1, 9.0])), torch.tensor([0, 0.1, 3 / 5]))
    assert float(A.start()["rate"][0, 0, 0]) == 2 / 40
    with pytest.raises(DataError, match="neither echo times nor inversion times"):
        RelaxationSense.for_scan(scan())
    for wrong in (torch.ones(1, 4), TIMES[:, :3], -TIMES):
        with pytest.raises(DataError, match="no times of a series of 4 frames"):
            RelaxationSense.for_scan(scan(echo_times=wrong))
