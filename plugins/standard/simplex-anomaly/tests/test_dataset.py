import h5py
import numpy as np
import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff_simplex_anomaly.dataset import INSIDE, DrawnLesions, FlairLesions
from mridiff_simplex_anomaly.lesions import RADIUS, SHIFT, with_lesion
from mridiff_simplex_anomaly.people import Scan3D, stripped
from mridiff_simplex_anomaly.prior import P99


@pytest.fixture
def folder(tmp_path):
    """Balls of tissue, each with a bright ball inside, in the layout of the aligned scans."""
    radius = np.stack(np.meshgrid(*(np.linspace(-1.1, 1.1, n) for n in (60, 72, 60)), indexing="ij"))
    (tmp_path / "ms_t1_t2_flair").mkdir()
    with h5py.File(tmp_path / "ms_t1_t2_flair" / "mni_aligned.h5", "w") as file:
        for name in ("patient07", "patient19"):
            lesion = np.sqrt(((radius - 0.2) ** 2).sum(0)) < 0.2
            flair = (np.sqrt((radius**2).sum(0)) < 1) * (600 + 100 * radius[1]) + 300 * lesion
            file[f"{name}/flair"], file[f"{name}/lesion"] = flair.astype(np.uint16), lesion.astype(np.uint8)
    return tmp_path


def test_a_drawn_lesion_is_where_the_truth_says_and_nowhere_else():
    for scan in DrawnLesions():
        x, healthy = scan.measured.y, scan.truth["x"].data
        lesion, head = scan.truth["lesion"].data, scan.truth["head"].data
        changed = (x - healthy).abs()
        assert bool(lesion.any()) and bool((lesion <= head).all())
        low = float(changed[lesion].median()) * P99
        assert 0.5 * SHIFT[0] < low < 1.01 * SHIFT[1]
        assert float(changed[~lesion].max()) * P99 <= 0.5 * SHIFT[1] + 1e-5  # the border is a pixel wide


def test_lesions_are_as_bright_and_as_large_as_is_asked_for():
    x, brain = torch.ones(96, 96), torch.ones(96, 96).bool()
    for looks, sign in (("brighter", 1), ("darker", -1)):
        for seed in range(10):
            made, where = with_lesion(x, brain, seed, looks)
            assert (sign * (made - x)[where] > 0).all()
            assert 0.2 * np.pi * RADIUS[0] ** 2 < int(where.sum()) < 2 * np.pi * RADIUS[1] ** 2
    signs = {float((with_lesion(x, brain, seed)[0] - 1).sum()) > 0 for seed in range(10)}
    assert signs == {True, False}


def test_without_a_lesion_the_slice_is_the_truth():
    scan = DrawnLesions(looks="none", count=1)[0]
    assert torch.equal(scan.measured.y, scan.truth["x"].data) and not bool(scan.truth["lesion"].data.any())


def test_more_slices_of_each_head_keep_the_first():
    few, many = DrawnLesions(count=2, looks="none"), DrawnLesions(count=5, looks="none")
    assert [s.id for s in few] == ["head15/0", "head15/1", "head16/0", "head16/1"]
    found = {s.id: s for s in many}
    assert len(found) == 10 and all(torch.equal(found[s.id].measured.y, s.measured.y) for s in few)


def test_the_brain_is_found_in_the_slice_as_it_would_be_without_the_lesion():
    scan = DrawnLesions(count=1)[0]
    assert torch.equal(scan.truth["head"].data, scan.truth["x"].data > INSIDE)


def test_own_lesions_come_with_the_outlines_of_the_file_on_the_pixels_of_the_slice(folder):
    data = FlairLesions(path=folder, count=2, size=48)
    assert [s.id.partition("/")[0] for s in data] == ["ms07", "ms07", "ms19", "ms19"]
    for scan in data:
        x, lesion, head = scan.measured.y, scan.truth["lesion"].data, scan.truth["head"].data
        assert x.shape == (1, 48, 48) and "x" not in scan.truth
        assert float(x[lesion].mean()) > 1.15 * float(x[head & ~lesion].mean())  # the bright ball is outlined
        assert int(lesion.sum()) > 10
        rows = lesion[0].nonzero().float().mean(0) - 23.5
        assert (rows > 1).all()  # it lies to the front and to the right


def test_slices_for_drawn_lesions_have_none_of_their_own(folder):
    for lesions in ("drawn", "none"):
        data = FlairLesions(path=folder, count=3, size=48, lesions=lesions, people="ms19", looks="brighter")
        assert len(data) == 3
        for scan in data:
            bright = scan.measured.y - scan.truth["x"].data
            assert bool((bright > 0.1).any()) == (lesions == "drawn")
            assert not Scan3D(folder, data_of("ms19"), 48).slice(int(scan.id[-3:]))[1].any()


def data_of(name):
    from mridiff_simplex_anomaly.people import PEOPLE

    return PEOPLE[name]


def test_cases_apart_are_named_so(folder):
    assert all("/" not in scan.id for scan in FlairLesions(path=folder, count=1, size=48, apart=True))


def test_people_who_are_not_there_are_named_and_so_is_a_folder(folder, tmp_path):
    with pytest.raises(ConfigError, match="nobody") as error:
        FlairLesions(path=folder, people="ms07,nobody,l01")
    assert "l01" in str(error.value)  # who has no outlines
    with pytest.raises(DataError, match="nowhere"):
        FlairLesions(path=tmp_path / "nowhere")


def test_scalp_and_skull_are_taken_away():
    y, x = np.mgrid[-60:61, -60:61]
    r = np.hypot(y, x)
    brain, scalp = r < 40, (r > 48) & (r < 54)
    image = (100 * brain + 80 * scalp + 5.0).astype(np.float32)
    image[(np.abs(x) < 2) & (y > 40) & (y < 49)] = 60  # a bridge
    image[np.hypot(y, x - 10) < 6] = 10  # a ventricle
    found = stripped(image, 1.0) > 0
    assert found[brain].mean() > 0.97 and found[scalp].mean() == 0 and found[60, 70]
