import numpy as np
import pytest
import torch

from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.fastmri import FastMRI
from mridiff_datasets.ismrmrd import ISMRMRD

HEADER = """<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions>
<H1resonanceFrequency_Hz>123</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace><matrixSize><x>40</x><y>36</y><z>1</z></matrixSize>
<fieldOfView_mm><x>80</x><y>54</y><z>5</z></fieldOfView_mm></encodedSpace><reconSpace><matrixSize><x>20</x><y>20</y><z>1</z></matrixSize>
<fieldOfView_mm><x>40</x><y>40</y><z>5</z></fieldOfView_mm></reconSpace><encodingLimits></encodingLimits><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>"""


def test_a_full_volume(tmp_path, save, kspace):
    rss = np.random.default_rng(0).random((2, 20, 20), dtype=np.float32)
    path = save(tmp_path / "file1.h5", kspace=torch.stack([kspace, 2 * kspace]), reconstruction_rss=rss, ismrmrd_header=HEADER)
    assert FastMRI.can_read(path) and not Arrays.can_read(path) and not ISMRMRD.can_read(path)
    data = FastMRI(path, acceleration=3, center_fraction=0.2)
    scan = data[1]
    assert len(data) == 2 and scan.id == "file1-s001" and {"x", "rss"} == set(scan.truth)
    assert torch.equal(scan.truth["rss"].data[0], torch.from_numpy(rss[1])) and tuple(scan.truth["x"].data.shape) == (1, 40, 36)
    mask = scan.measured.acquisition["mask"].data[0]
    assert torch.equal(scan.measured.y[0], 2 * kspace * mask) and bool((mask == mask[:1]).all())
    assert scan.measured.geometry.voxel_size == (2.0, 1.5)


def test_single_coil_and_foreign_header(tmp_path, save, kspace):
    path = save(tmp_path / "a.h5", kspace=kspace[:2], reconstruction_esc=np.ones((2, 9, 9), np.float32), ismrmrd_header="none")
    scan = FastMRI(path, slices="0")[0]
    assert tuple(scan.measured.y.shape) == (1, 1, 40, 36) and "esc" in scan.truth and scan.measured.geometry is None


def test_a_test_set_file_has_no_truth(tmp_path, save, kspace, lines):
    path = save(tmp_path / "a.h5", kspace=torch.where(lines, kspace, 0)[None], mask=lines[0], ismrmrd_header=HEADER)
    scan = FastMRI(path)[0]
    assert scan.id == "a" and not scan.truth and torch.equal(scan.measured.acquisition["mask"].data[0] > 0, lines)


def test_the_mask_of_a_file_is_used_where_more_is_there(tmp_path, save, kspace, lines):
    fewer = lines[0].clone()
    fewer[::4] = False
    path = save(tmp_path / "a.h5", kspace=torch.where(lines, kspace, 0)[None], mask=fewer, ismrmrd_header=HEADER)
    scan = FastMRI(path)[0]
    assert torch.equal(scan.measured.acquisition["mask"].data[0] > 0, fewer.expand(40, 36)) and not scan.truth
    assert not bool(scan.measured.y[..., ~fewer].any())


def test_padded_columns_are_not_measured_whatever_the_mask_says(tmp_path, save, kspace):
    comb = torch.zeros(36)
    comb[::2] = comb[14:22] = 1
    kspace[..., :5] = kspace[..., 31:] = 0
    scan = FastMRI(save(tmp_path / "a.h5", kspace=kspace[None] * comb, mask=comb, ismrmrd_header=HEADER))[0]
    kept = [i for i in range(36) if comb[i] and 5 <= i < 31]
    assert scan.measured.acquisition["mask"].data[0, 7].nonzero().ravel().tolist() == kept


def test_zero_padded_columns_are_not_measured_but_leave_a_truth(tmp_path, save, kspace):
    kspace[..., :4] = 0
    scan = FastMRI(save(tmp_path / "a.h5", kspace=kspace[None], ismrmrd_header=HEADER), acceleration=2, center_fraction=0.2)[0]
    assert not bool(scan.measured.acquisition["mask"].data[..., :4].any()) and "x" in scan.truth


def test_all_faults_at_once(tmp_path, save, kspace):
    path = save(
        tmp_path / "a.h5", kspace=kspace.real, mask=np.ones(5), reconstruction_rss=np.ones((3, 4, 4), np.float32), ismrmrd_header=HEADER
    )
    with pytest.raises(DataError) as caught:
        FastMRI(path)
    for part in ("3 problems", "kspace: numbers of type float32", "mask: shape (5,)", "reconstruction_rss: shape (3, 4, 4)"):
        assert part in str(caught.value)
    with pytest.raises(DataError, match="no array 'kspace'"):
        FastMRI(save(tmp_path / "b.h5", data=np.ones(3)))
    with pytest.raises(DataError, match=r"shape \(3,\) is neither"):
        FastMRI(save(tmp_path / "c.h5", kspace=np.ones(3, np.complex64)))
