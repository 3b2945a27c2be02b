import io
import zipfile

import numpy as np
import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff_datasets.npz import open_npz


def archive(path, name, payload):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(name, payload)
    return path


def header(shape, dtype="<c8"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_2_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_reads_whole_and_in_part(tmp_path):
    values = np.arange(24, dtype=np.complex64).reshape(2, 3, 4)
    np.savez_compressed(tmp_path / "a.npz", kspace=values, noise_std=0.5)
    with open_npz(tmp_path / "a.npz") as file:
        assert set(file.keys()) == {"kspace", "noise_std"} and file.shape("kspace") == (2, 3, 4) and file.dtype("kspace") == np.complex64
        assert np.array_equal(file.read("kspace"), values) and np.array_equal(file.read("kspace", 1), values[1])


def test_refuses_what_is_unsafe(tmp_path):
    np.savez(tmp_path / "pickle.npz", kspace=np.array([{}], dtype=object))
    bomb = archive(tmp_path / "bomb.npz", "kspace.npy", header((200_000, 200_000)))
    other = archive(tmp_path / "other.npz", "run.py", b"print()")
    for path, words in ((tmp_path / "pickle.npz", "pickled objects"), (bomb, "does not fit its"), (other, "it is no array")):
        with pytest.raises(UnsafeInput, match=words), open_npz(path):
            pass


def test_refuses_what_claims_too_much(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", kspace=np.zeros(1000, np.complex64))
    monkeypatch.setattr("mridiff_datasets.npz.LARGEST", 4000)
    with pytest.raises(UnsafeInput, match="claims"), open_npz(tmp_path / "a.npz"):
        pass


def test_damage_is_a_data_error(tmp_path):
    np.savez(tmp_path / "a.npz", kspace=np.ones((50, 50), np.complex64))
    whole = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[:3000])
    flipped = bytearray(whole)
    flipped[5000] ^= 1
    (tmp_path / "flipped.npz").write_bytes(flipped)
    archive(tmp_path / "magic.npz", "kspace.npy", b"nothing")
    for name in ("short.npz", "flipped.npz", "magic.npz", "missing.npz"):
        with pytest.raises(DataError, match=name), open_npz(tmp_path / name) as file:
            file.read("kspace")
