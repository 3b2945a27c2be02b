import io
import tracemalloc
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


def test_refuses_what_takes_too_much(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", kspace=np.zeros((4, 250), np.complex64))
    monkeypatch.setenv("MRIDIFF_MEMORY", "4e-6")
    with open_npz(tmp_path / "a.npz") as file:
        assert file.read("kspace", 3).shape == (250,)
        with pytest.raises(UnsafeInput, match=r"kspace: reading \(4, 250\) of complex64 takes"):
            file.read("kspace")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_item_of_a_stack_is_read_and_no_more_of_it_held(tmp_path, save, order):
    values = np.asarray(np.random.default_rng(0).normal(size=(60, 3, 100, 60)), order=order)
    save(tmp_path / "a.npz", kspace=values)
    with open_npz(tmp_path / "a.npz") as file:
        for index in (0, 17, -1):
            assert np.array_equal(file.read("kspace", index), values[index])
        with pytest.raises(DataError, match="IndexError"):
            file.read("kspace", 60)
        tracemalloc.start()
        file.read("kspace", 59)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert order == "F" or peak < values.nbytes / 60 + 3 * 2**20 < values.nbytes / 2


def test_damage_of_one_item_is_told_when_another_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", kspace=np.ones((5, 100)))
    blob = bytearray((tmp_path / "a.npz").read_bytes())
    blob[3000] ^= 1
    (tmp_path / "a.npz").write_bytes(blob)
    with pytest.raises(DataError, match="Bad CRC"), open_npz(tmp_path / "a.npz") as file:
        file.read("kspace", 0)


def test_other_compressions_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as out:
        out.writestr("kspace.npy", header((1,)) + b"\0" * 8)
    with pytest.raises(UnsafeInput, match="its compression is of kind 14"), open_npz(tmp_path / "a.npz"):
        pass


@pytest.mark.parametrize("head", [
    b"{\n", b"-" * 9000 + b"1\n", b"(" * 9000, b"{'descr': '<c8', 'fortran_order': False, 'shape': (True, True), }\n",
    b"{'descr': '<c8', 'fortran_order': False, 'shape': (-1, -8), }\n", b"{'descr': 'V0', 'fortran_order': 3, 'shape': (1,), }\n",
    b"\xff" * 20, b"",
])  # fmt: skip
def test_a_head_that_is_none_is_one_error(tmp_path, head):
    payload = b"\x93NUMPY\x01\0" + len(head).to_bytes(2, "little") + head + b"\0" * 64
    with pytest.raises((DataError, UnsafeInput), match=r"a\.npz: kspace"), open_npz(archive(tmp_path / "a.npz", "kspace.npy", payload)):
        pass


def test_a_stream_that_does_not_inflate_is_one_error(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", kspace=np.arange(4096).reshape(4, 32, 32))
    blob = bytearray((tmp_path / "a.npz").read_bytes())
    blob[100:140] = b"\xff" * 40
    (tmp_path / "a.npz").write_bytes(blob)
    for index in (None, 3):
        with pytest.raises(DataError, match=r"a\.npz: kspace.*cannot be read"), open_npz(tmp_path / "a.npz") as file:
            file.read("kspace", index)


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
