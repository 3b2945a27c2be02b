"""Bad input from the shell: one clear error each, exit code 2, nothing half-written."""

import h5py
import numpy as np
import pytest


def _truncated(path, k):
    with h5py.File(path, "w") as f:
        f["kspace"] = k
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _external(path, k):
    secret = path.with_name("secret.bin")
    secret.write_bytes(b"\0" * 8 * k.size)
    with h5py.File(path, "w") as f:
        f.create_dataset("kspace", k.shape, np.complex64, external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


def _huge(path, k):
    with h5py.File(path, "w") as f:
        f.create_dataset("kspace", (8, 10**5, 10**5), np.complex64, chunks=(1, 100, 100), compression="gzip")


def _text(path, k):
    with h5py.File(path, "w") as f:
        f["kspace"] = np.array(["not", "numbers"], dtype="S8")


def _nan(path, k):
    k = k.copy()
    k[1, 5, 7] = np.nan
    with h5py.File(path, "w") as f:
        f["kspace"] = k


def _maps(path, k):
    with h5py.File(path, "w") as f:
        f["kspace"] = k
        f["sensitivity_maps"] = np.ones((k.shape[0] + 1, 9, 9), np.complex64)


def _zero(path, k):
    with h5py.File(path, "w") as f:
        f["kspace"] = 0 * k


def _empty(path, k):
    path.write_bytes(b"")


def _no_kspace(path, k):
    with h5py.File(path, "w") as f:
        f["something"] = k


FAULTS = {
    _truncated: "truncated", _external: "another file", _huge: "GiB", _text: "kspace", _nan: "finite", _maps: "sensitivity_maps", _zero: "zero", _empty: "HDF5",
    _no_kspace: "layout",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.__name__.strip("_"))
def test_a_bad_file_is_one_clear_error(mridiff, scan_file, tmp_path, fault):
    with h5py.File(scan_file) as f:
        k = f["kspace"][()]
    bad = tmp_path / "bad.h5"
    fault(bad, k)
    done = mridiff("recon", "cg-sense", bad, "-R", "2", "-o", tmp_path / "out", "--dataset", "arrays")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "bad" in done.stderr
    assert FAULTS[fault].lower() in done.stderr.lower() or fault in {_empty, _truncated, _no_kspace, _huge, _text}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("arguments", "words"), [
    (("recon", "dps-mir", "SCAN"), "dps-mri"),
    (("recon", "cg-sense", "SCAN", "-R", "0.5"), "acceleration"),
    (("recon", "cg-sense", "SCAN", "-R", "40"), "R"),
    (("recon", "dps-mri", "SCAN", "-R", "2", "--set", "sampler.options.step=3"), "steps"),
    (("recon", "dps-mri", "SCAN", "-R", "2", "--set", "priors.prior.options.weights=nowhere"), "nowhere"),
    (("recon", "dps-mri", "SCAN", "-R", "2", "--set", "sampler.use=cg-sense"), "no prior"),
])  # fmt: skip
def test_a_bad_request_is_one_clear_error(mridiff, scan_file, tmp_path, arguments, words):
    done = mridiff(*[scan_file if a == "SCAN" else a for a in arguments], "-o", tmp_path / "out")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and words in done.stderr
    assert not (tmp_path / "out").exists()
