from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff_sdk.alterations import drawn_lesion, little_motion, shifted_maps
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics.report import score
from mridiff_sdk.motion import Rigid

N = 48


def _scan(coils=4, full=False, name="p/1"):
    y, x = (torch.arange(N) - N / 2 for _ in range(2))
    disc = (torch.hypot(y[:, None], x) < 18) * (1 + 0.2 * torch.cos(y[:, None] / 5)) * torch.polar(torch.ones(N), x / 20)
    mask = torch.ones(1, N, N) if full else (torch.arange(N) % 2 == 0).float().expand(1, N, N).clone()
    if not coils:
        k, maps = fft(disc[None]) * mask, {}
    else:
        s = simulate_maps(coils, (N, N), 0)[None]
        k, maps = fft(s * disc) * mask[:, None], {"sensitivity_maps": Field(s, ("coil", "y", "x"))}
    return Scan(name, Measured(k, Gaussian(0.01), {"mask": Field(mask, ("ky", "kx")), **maps}), {"x": Field(disc[None], ("y", "x"))})


def _image(scan):
    """The object that full k-space shows."""
    x = ifft(scan.measured.y)
    maps = scan.measured.acquisition.get("sensitivity_maps")
    return x if maps is None else (maps.data.conj() * x).sum(1)


@pytest.mark.parametrize("coils", [0, 4])
def test_a_lesion_is_in_the_measurement_and_in_the_truth(coils):
    scan = _scan(coils, full=True)
    found = drawn_lesion(scan)
    x, where = found.truth["x"].data, found.truth["lesion"].data
    assert torch.allclose(_image(found), x, atol=1e-5) and 4 < int(where.sum()) < 60
    changed = (x - scan.truth["x"].data).abs() > 1e-6
    assert bool((x.abs() - scan.truth["x"].data.abs())[where].min() > 0) and int(changed.sum()) < 3 * int(where.sum())
    assert torch.equal(drawn_lesion(scan).truth["lesion"].data, where)
    other = drawn_lesion(replace(scan, id="p/2")).truth["lesion"].data
    assert not torch.equal(other, where)


def test_a_lesion_changes_nothing_that_was_not_measured():
    found = drawn_lesion(_scan())
    assert not found.measured.y[..., 1::2].any() and found.measured.y[..., ::2].any()


def test_the_contrast_of_a_lesion_is_a_metric():
    from mridiff.interfaces import Space

    found = drawn_lesion(_scan(full=True))
    x = found.truth["x"].data
    assert score("x", x, x, Space(("y", "x"), (N, N)), found.truth)["contrast_lesion"] == pytest.approx(1)


@pytest.mark.parametrize("coils", [0, 4])
def test_the_last_third_of_the_lines_sees_the_object_moved(coils):
    scan = _scan(coils, full=True)
    found = little_motion(scan)
    pose = torch.tensor([[2.0, 0.01 * N, 0.01 * N]])
    moved = Rigid(pose, (N, N))(scan.truth["x"].data)
    maps = scan.measured.acquisition.get("sensitivity_maps")
    k = fft(moved if maps is None else maps.data * moved[:, None])
    y, was = found.measured.y, scan.measured.y
    assert torch.equal(y[..., : 2 * N // 3], was[..., : 2 * N // 3]) and torch.allclose(
        y[..., 2 * N // 3 :], k[..., 2 * N // 3 :], atol=1e-5
    )
    assert not torch.allclose(moved, scan.truth["x"].data, atol=0.1) and torch.equal(found.truth["x"].data, scan.truth["x"].data)


def test_maps_are_those_of_another_position_and_data_stay():
    scan = _scan()
    found = shifted_maps(scan)
    maps, was = (s.measured.acquisition["sensitivity_maps"].data for s in (found, scan))
    assert torch.equal(maps[..., 3:, 3:], was[..., :-3, :-3]) and torch.equal(found.measured.y, scan.measured.y)


def test_what_cannot_be_altered_says_so():
    with pytest.raises(DataError, match="truth is known"):
        drawn_lesion(replace(_scan(), truth={}))
    with pytest.raises(DataError, match="sensitivity_maps"):
        shifted_maps(_scan(0))
    tiny = replace(_scan(), truth={"x": Field(_scan().truth["x"].data * (torch.arange(N) == 24), ("y", "x"))})
    with pytest.raises(DataError, match=r"no room|no object"):
        drawn_lesion(tiny)
