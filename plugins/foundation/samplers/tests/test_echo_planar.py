"""A phantom that its echo-planar train displaces along the phase encoding, brought back with the field map, and not without it."""

import math

import h5py
import pytest
import torch

import mridiff
from mridiff.interfaces import Gaussian, Problem, Streams
from mridiff_operators.off_resonance import OffResonanceSense
from mridiff_samplers.cg_sense import CGSense
from mridiff_samplers.dpir import DPIR
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.diffusions import VE
from mridiff_sdk.fourier import fft
from mridiff_sdk.oracles import Covariance, GaussianPrior

NY, NX, SPACING, STD = 40, 30, 1e-3, 0.005


def phantom():
    """A block with a smaller one in it, its edges smoothed by a pixel or two."""
    x = torch.zeros(NY, NX, dtype=torch.complex128)
    x[8:30, 5:25] = 1
    x[14:20, 10:16] = 0.4 + 0.3j
    k = torch.stack(torch.meshgrid(torch.arange(NY) - NY // 2, torch.arange(NX) - NX // 2, indexing="ij")).double()
    smooth = torch.exp(-((k[0] / NY) ** 2 + (k[1] / NX) ** 2) / (2 * 0.2**2))
    return torch.fft.ifft2(torch.fft.ifftshift(torch.fft.fftshift(torch.fft.fft2(x)) * smooth))


@pytest.fixture(scope="module")
def train():
    """Every second of 40 lines along ky, seen by four coils, in a field that moves a part of the head by up to 4 pixels."""
    x, S = phantom(), simulate_maps(4, (NY, NX), 0, torch.complex128)
    y, z = torch.meshgrid(torch.linspace(-1, 1, NY), torch.linspace(-1, 1, NX), indexing="ij")
    field = 100 * torch.exp(-((y + 0.4) ** 2 + z**2) / 0.3).double()
    kspace = torch.zeros(4, NY, NX, dtype=torch.complex128)
    for line in range(0, NY, 2):
        turned = torch.exp(-2j * math.pi * field * SPACING * (line - NY // 2)) * x
        kspace[:, line] = fft(S * turned)[:, line]
    mask = (torch.arange(NY) % 2 == 0).double()[:, None].expand(NY, NX)
    noise = STD * Streams.of(0, "noise").normal(kspace.shape, kspace.dtype)[0]
    return x, S, field, mask, mask * (kspace + noise)


def problem(train, field):
    _, S, _, mask, y = train
    times = (SPACING * (torch.arange(NY, dtype=torch.float64) - NY // 2))[:, None].expand(NY, NX)
    A = OffResonanceSense(S[None], field[None], times, mask=mask[None])
    return Problem(A, y[None], Gaussian(STD), A.domain)


def prior(space):
    """Smooth images: what neighbours have in common, known at every level."""
    mean = torch.zeros(space.shape, dtype=torch.complex128)
    k = torch.stack(torch.meshgrid(*(torch.fft.fftfreq(n) for n in space.shape), indexing="ij")).double()
    return GaussianPrior(
        mean, Covariance.stationary(space, torch.fft.fftshift(1e-3 + torch.exp(-k.square().sum(0) / 0.02))), VE(0.01, 20.0)
    )


def error(x, truth):
    return float(torch.linalg.vector_norm(x - truth) / torch.linalg.vector_norm(truth))


@pytest.mark.parametrize("sampler", ["cg-sense", "dpir"])
def test_the_field_map_leads_the_image_back_and_without_it_it_stays_displaced(train, sampler):
    x, _, field, *_ = train

    def estimate(given):
        p = problem(train, given)
        made = CGSense(iterations=60, l2=1e-4) if sampler == "cg-sense" else DPIR(prior(p.space), steps=10, iterations=20)
        return made(p, Streams.of(0))[0]

    assert error(estimate(field), x) < 0.06
    assert error(estimate(torch.zeros_like(field)), x) > 0.3
    assert error(estimate(-field), x) > error(estimate(torch.zeros_like(field)), x)


def test_a_file_with_a_field_map_is_undistorted_by_name(tmp_path, train):
    """The line of the documentation, from Python."""
    x, S, field, mask, y = train
    with h5py.File(tmp_path / "epi.h5", "w") as file:
        for name, array in {"kspace": y, "sensitivity_maps": S, "mask": mask, "field_map": field, "reference": x}.items():
            file[name] = array.numpy()
    scan = mridiff.open_scans(tmp_path / "epi.h5")[0]
    assert scan.notes == ()
    operator = {"use": "off-resonance-sense", "options": {"echo_spacing": SPACING}}
    made = mridiff.load("cg-sense", operator=operator, sampler={"use": "cg-sense", "options": {"iterations": 60, "l2": 1e-4}})(scan)
    plain = mridiff.load("cg-sense")(scan)
    assert error(made.x[0], x) < 0.06 and error(plain.x[0], x) > 0.3
