"""K-space that cannot be what it is taken for: refused, or noted, with what to do; and k-space of many kinds that is left in peace."""

import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.acquisition import Acquisition
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.plausible import contradictions, doubts
from mridiff_datasets.raw import Raw
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import mask as pattern_mask


def many(image, coils):
    return fft(simulate_maps(coils, tuple(image.shape), 0) * image)


def volume(size=24):
    z, y, x = torch.meshgrid(*(torch.linspace(-1, 1, size),) * 3, indexing="ij")
    return ((z / 0.8) ** 2 + (y / 0.7) ** 2 + (x / 0.6) ** 2 < 1) * (1 + 0.3 * torch.cos(9 * x) * torch.cos(7 * z))


def corner(kspace):
    return torch.fft.ifftshift(kspace, (-2, -1))


@pytest.mark.parametrize(("change", "words"), [
    (corner, "edge along ky and kx"),
    (lambda k: torch.fft.ifftshift(k, (-1,)), "edge along kx"),
    (lambda k: torch.fft.ifftshift(k, (-2,)), "edge along ky"),
    (lambda k: corner(k[:1]), "edge along ky and kx"),
    (lambda k: torch.where(pattern_mask("random", k.shape[1:], 3, 0.2, 0), k, 0).roll((20, 18), (1, 2)), "edge along ky and kx"),
    (lambda k: k.permute(1, 2, 0), "moveaxis"),
    (lambda k: k.permute(2, 1, 0), "moveaxis"),
])  # fmt: skip
def test_wrong_origin_or_axes_are_refused(kspace, change, words):
    with pytest.raises(DataError, match=words):
        Acquisition().scan(Raw("file", change(kspace)), "a")


def test_three_dimensions_are_no_coils(tmp_path, save):
    k = fft(volume().to(torch.complex64), (0, 1, 2))
    coils = torch.stack([k, 2 * k, 1j * k])
    for kspace in (k, coils, coils.permute(1, 2, 3, 0)):
        with pytest.raises(DataError, match="3-D scan transform the slice axis"):
            list(Arrays(save(tmp_path / "a.h5", kspace=kspace)))
    many_slices = torch.randn(200, 16, 16, dtype=torch.complex64)
    with pytest.raises(DataError, match="no array has so many"):
        list(Arrays(save(tmp_path / "b.h5", kspace=many_slices)))


@pytest.mark.parametrize("coils", [1, 2, 8, 12, 32])
def test_what_is_right_is_left_in_peace(image, coils):
    k = many(image, coils)
    noise = torch.randn(k.shape, dtype=k.dtype, generator=torch.Generator().manual_seed(0))
    partial = torch.where(torch.arange(40)[:, None] < 26, k, 0)
    for kspace in (k, k + 0.5 * noise, noise, partial, torch.where(pattern_mask("poisson", (40, 36), 4, 0.1, 0), k, 0), k.roll((2, -1), (1, 2)),
                   k.clone().index_fill_(1, torch.arange(0, 40, 2), 0)):  # fmt: skip
        assert contradictions(kspace) == [] and doubts(kspace) == []


def test_spine_coils_of_which_few_see_the_object_are_coils(image):
    gain = torch.full((24, 1, 1), 0.02)
    gain[11:14] = torch.tensor([0.6, 1.0, 0.3])[:, None, None]
    assert contradictions(gain * many(image, 24)) == []


def test_doubts(image):
    assert "looks like an image" in doubts(torch.stack([image, 1j * image]))[0]
    half = torch.fft.fftshift(torch.fft.fft2(image))[None]  # the image began in its corner
    assert "edge of the image along y and x" in doubts(half)[0]
    assert "40 coils" in doubts(many(image, 40))[0]


def test_few_calibration_lines_are_noted(kspace, coil_maps):
    comb = torch.zeros(40, 36, dtype=torch.bool)
    comb[:, ::3] = True
    for lines, told in ((1, "rest on 40 x 1"), (3, "rest on 40 x 3"), (8, "")):
        mask = comb.clone()
        mask[:, 18 - lines // 2 : 18 + (lines + 1) // 2] = True
        mask[:, 18 - lines // 2 - 1] = mask[:, 18 + (lines + 1) // 2] = False
        (note,) = Acquisition().scan(Raw("file", kspace, mask=mask), "a").notes or ("",)
        assert told in note and bool(told) == bool(note)
        assert Acquisition().scan(Raw("file", kspace, mask=mask, maps=coil_maps), "a").notes == ()
        assert Acquisition().scan(Raw("file", kspace[:1], mask=mask), "a").notes == ()


def test_a_file_with_a_trajectory_is_not_read_as_cartesian(tmp_path, save, kspace):
    for name in ("trajectory", "traj", "coords"):
        path = save(tmp_path / f"{name}.h5", kspace=kspace, **{name: np.zeros((36, 2), np.float32)})
        with pytest.raises(DataError, match=f"{name}: its samples lie off a grid(.|\n)*grid"):
            Arrays(path)
