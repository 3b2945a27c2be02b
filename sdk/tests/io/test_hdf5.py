"""HDF5: ordinary files are read exactly; hostile ones are refused before their values are touched."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff_sdk.io import hdf5
from mridiff_sdk.io.hdf5 import open_hdf5


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scan.h5"


def refused(path: Path, text: str, name: str = "x") -> None:
    with pytest.raises(UnsafeInput, match=text) as caught, open_hdf5(path) as file:
        file.read(name)
    assert str(path) in str(caught.value)


def test_ordinary_file(path):
    rng = np.random.default_rng(0)
    kspace = rng.normal(size=(2, 6, 5)) + 1j * rng.normal(size=(2, 6, 5))
    with h5py.File(path, "w") as file:
        file.create_dataset("kspace", data=kspace.astype("complex64"), compression="gzip", shuffle=True, fletcher32=True)
        file["maps/coil"] = np.arange(6, dtype="int16").reshape(2, 3)
        file["mask"] = np.array([True, False])
        file["empty"] = np.zeros((0, 3), "float16")
        file["std"] = 0.5
        file["again"] = file["maps"]  # a second name for the same group is a hard link
        attributes = {"axes": ["coil", "y", "x"], "scale": 2.0, "who": "me", "fixed": np.bytes_("b"), "nil": h5py.Empty("f4")}
        file["kspace"].attrs.update(attributes)
        file.attrs["version"] = 3
    with open_hdf5(path) as file:
        assert file.keys() == ("empty", "kspace", "mask", "std", "again/coil", "maps/coil")
        assert file.shape("kspace") == (2, 6, 5)
        assert file.dtype("kspace") == np.complex64
        np.testing.assert_array_equal(file.read("kspace"), kspace.astype("complex64"))
        np.testing.assert_array_equal(file.read("kspace", np.s_[1, ..., ::2]), kspace.astype("complex64")[1, ..., ::2])
        np.testing.assert_array_equal(file.read("maps/coil"), [[0, 1, 2], [3, 4, 5]])
        assert file.read("mask").dtype == bool
        assert file.read("empty").shape == (0, 3)
        assert file.read("std") == 0.5
        attributes = file.attributes("kspace")
        assert list(attributes.pop("axes")) == ["coil", "y", "x"]
        assert attributes == {"scale": 2.0, "who": "me", "fixed": "b", "nil": None}
        assert file.attributes() == {"version": 3}


def test_strings(path):
    with h5py.File(path, "w") as file:
        file["header"] = "<xml>ä</xml>"
        file["plane"] = np.array([b"axial", b"b"], dtype="S8")
        file.create_dataset("names", data=["one", "two"], dtype=h5py.string_dtype())
    with open_hdf5(path) as file:
        assert file.read("header").item() == "<xml>ä</xml>"
        assert list(file.read("plane")) == ["axial", "b"]
        assert list(file.read("names", slice(1, None))) == ["two"]
        assert [file.dtype(name).kind for name in ("header", "plane", "names")] == ["O", "O", "O"]


def test_a_claim_beyond_the_budget_is_refused_and_a_part_of_it_is_not(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(50, 32, 256, 256, 512), dtype="complex64", chunks=(1, 1, 256, 256, 1), compression="gzip")
    assert path.stat().st_size < 10_000
    refused(path, "reading 50x32x256x256x512 of complex64 takes 429 GB of memory; one scan may take 1.5 GB")
    with open_hdf5(path) as file:
        assert file.read("x", np.s_[7, 3, ..., 5]).shape == (256, 256)
        with pytest.raises(UnsafeInput, match=r"1x32x256x256x512 of complex64 takes 8\.59 GB"):
            file.read("x", 1)


def test_the_budget_is_the_users(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.ones(1000))
    monkeypatch.setenv("MRIDIFF_MEMORY", "7e-6")
    refused(path, "set MRIDIFF_MEMORY=1 ")
    monkeypatch.setenv("MRIDIFF_MEMORY", "8e-6")
    with open_hdf5(path) as file:
        assert file.read("x").sum() == 1000


def test_one_value_in_a_chunk_beyond_the_budget_is_refused(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(3,), maxshape=(None,), chunks=(1000,), dtype="f8", compression="gzip")
    monkeypatch.setenv("MRIDIFF_MEMORY", "12e-6")
    refused(path, "in 1 chunks of 8000 bytes")
    monkeypatch.setenv("MRIDIFF_MEMORY", "13e-6")
    with open_hdf5(path) as file:
        assert file.read("x", -1) == 0


def test_too_many_chunks_are_refused_but_few_of_them_are_read(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(24.0).reshape(4, 6), chunks=(1, 2))
    monkeypatch.setattr(hdf5, "CHUNKS", 11)
    refused(path, "4x6 values lie in 12 chunks; at most 11 are read")
    monkeypatch.setattr(hdf5, "CHUNKS", 2)
    with open_hdf5(path) as file:
        np.testing.assert_array_equal(file.read("x", np.s_[3, 1:4]), [19, 20, 21])
        with pytest.raises(UnsafeInput, match="1x4 values lie in 3 chunks"):
            file.read("x", np.s_[3, 1:5])
    monkeypatch.undo()
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(20_000, 20_000), chunks=(1, 1), dtype="u1")
    refused(path, "400000000 chunks; at most 100000")


def test_a_chunk_that_inflates_beyond_its_size_is_refused(path):
    values = np.random.default_rng(0).normal(size=(512, 512))
    with h5py.File(path, "w") as file:
        for name in ("x", "y"):
            file.create_dataset(name, data=values, chunks=(512, 512), compression="gzip")
        bomb = zlib.compress(values.tobytes() + b"\0" * 2**25)
        file["x"].id.write_direct_chunk((0, 0), bomb)
    assert len(bomb) < 2.2e6
    refused(path, "a compressed chunk of 2097152 bytes holds far more")
    with open_hdf5(path) as file:
        np.testing.assert_array_equal(file.read("y"), values)


def test_a_filter_that_stands_twice_is_refused(path):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((8,))
    properties.set_deflate(9)
    properties.set_deflate(9)
    with h5py.File(path, "w") as file:
        h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((8,)), properties)
    refused(path, r"it uses the filters \[1, 1\]")


def test_external_storage_does_not_read_another_file(path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"do not read me..")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(16,), dtype="u1", external=[(os.fspath(secret), 0, 16)])
    with h5py.File(path) as file:
        assert file["x"][()].tobytes() == secret.read_bytes()  # what would happen without the door
    refused(path, "its values lie in another file")


def test_virtual_dataset_is_refused(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["y"] = np.arange(3)
    layout = h5py.VirtualLayout(shape=(3,), dtype="i8")
    layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "y", shape=(3,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    refused(path, "assembled from other files")


@pytest.mark.parametrize("link", [h5py.ExternalLink("other.h5", "/y"), h5py.SoftLink("/a")])
@pytest.mark.parametrize("name", ["x", "group/deep/x"])
def test_links_are_refused_at_the_door(path, link, name):
    with h5py.File(path, "w") as file:
        file["a"] = 1
        file[name] = link
    with pytest.raises(UnsafeInput, match=f"{name}: it is a link of type {type(link).__name__}"), open_hdf5(path):
        pass


def test_circle_of_hard_links_ends(path):
    with h5py.File(path, "w") as file:
        file["a/x"] = 1
        file["a/b/back"] = file["a"]
        file["a/b/root"] = file["/"]
    with open_hdf5(path) as file:
        assert file.keys() == ("a/x",)


@pytest.mark.parametrize("options", [{"compression": "lzf"}, {"scaleoffset": 3}])
def test_other_filters_are_refused(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(8), chunks=(8,), **options)
    refused(path, "it uses the filters")


def test_a_file_that_is_being_written_is_said_to_be(path):
    with h5py.File(path, "w") as file:
        file["x"] = 1
        file.flush()
        code = f"from mridiff_sdk.io.hdf5 import open_hdf5\nwith open_hdf5({str(path)!r}): pass"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "another program has it open for writing" in done.stderr


@pytest.mark.parametrize("dtype", [h5py.vlen_dtype("f4"), h5py.ref_dtype, np.dtype([("a", "f4"), ("b", "i4")])])
def test_other_types_are_refused(path, dtype):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(2,), dtype=dtype)
        file.attrs.create("a", np.zeros(2, "f4"), dtype="f4") if dtype.kind == "O" else file.attrs.create("a", np.zeros(2, dtype))
    refused(path, "only numbers and strings are read")


def test_limits_on_counts(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros((1,) * 9)
        file["g/s"] = ["a" * 30, "b" * 36, "c", "d"]
    refused(path, "it has 9 dimensions; at most 8")
    for limit, most, text, name in (
        ("OBJECTS", 2, "more than 2 objects", "x"),
        ("OBJECTS", 3, "it has 4 strings; at most 3", "g/s"),
        ("TEXT", 65, "hold more than 65 bytes", "g/s"),
    ):
        monkeypatch.setattr(hdf5, limit, most)
        refused(path, text, name)
        monkeypatch.undo()


def test_strings_of_one_length_are_counted_before_they_are_read(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("one", shape=(), dtype=f"S{2**21}")
        file.create_dataset("many", shape=(3,), dtype="S400000", compression="gzip")
        file.create_dataset("chunk", shape=(1,), maxshape=(None,), chunks=(4,), dtype="S400000", compression="gzip")
    for name in ("one", "many", "chunk"):
        refused(path, "its strings claim more than 1048576 bytes", name)


@pytest.mark.parametrize(("values", "text"), [
    ({"a": np.zeros(100)}, "its attribute 'a' claims 800 bytes; at most 799"),
    ({"a": np.zeros(50), "b": np.zeros(50)}, "its attributes up to 'b' hold 800 bytes; at most 799"),
    ({"a": "x" * 800}, "its attributes up to 'a' hold 800 bytes"),
    ({"a": ["x" * 400, "y" * 400]}, "its attributes up to 'a' hold 800 bytes"),
    ({"a": 1, "b": 2, "c": 3, "d": 4}, "it has 4 attributes; at most 3"),
])  # fmt: skip
def test_limits_on_attributes(path, monkeypatch, values, text):
    with h5py.File(path, "w") as file:
        file["x"] = 1
        file["x"].attrs.update(values)
    monkeypatch.setattr(hdf5, "OBJECTS", 4)
    monkeypatch.setattr(hdf5, "TEXT", 801)
    with open_hdf5(path) as file:
        assert file.attributes("x").keys() == values.keys()
    monkeypatch.setattr(hdf5, "OBJECTS", 3)
    monkeypatch.setattr(hdf5, "TEXT", 799)
    with pytest.raises(UnsafeInput, match=f"x: {text}"), open_hdf5(path) as file:
        file.attributes("x")


def test_two_references_to_one_long_string_are_counted_as_two(path, monkeypatch):
    with h5py.File(path, "w") as file:
        file.attrs["a"] = ["x" * 6000, "y"]
    assert 6000 < path.stat().st_size < 20_000
    monkeypatch.setenv("MRIDIFF_MEMORY", str(1.5 * path.stat().st_size / 1e9))
    with pytest.raises(UnsafeInput, match="reading the attribute 'a' takes"), open_hdf5(path) as file:
        file.attributes()
    monkeypatch.setenv("MRIDIFF_MEMORY", str(2.5 * path.stat().st_size / 1e9))
    with open_hdf5(path) as file:
        assert list(file.attributes()["a"]) == ["x" * 6000, "y"]


def test_groups_that_lie_too_deep_are_refused(path):
    with h5py.File(path, "w") as file:
        file["/".join("a" * 101)] = 1
    with pytest.raises(UnsafeInput, match="its groups lie more than 100 deep"), open_hdf5(path):
        pass
    with h5py.File(path, "w") as file:
        file["/".join("a" * 100)] = 1
    with open_hdf5(path) as file:
        assert len(file.keys()) == 1


def test_attribute_of_another_type_is_refused(path):
    with h5py.File(path, "w") as file:
        file.attrs["a"] = file.ref
    with pytest.raises(UnsafeInput, match="its attribute 'a' is of type object"), open_hdf5(path) as file:
        file.attributes()


def test_what_is_not_there(path, tmp_path):
    with h5py.File(path, "w") as file:
        file["group/kspace"] = 1
        file["nothing"] = h5py.Empty("f4")
    with open_hdf5(path) as file:
        for name in ("kspace", "group", "", "/nope/x"):
            with pytest.raises(DataError, match="there is no dataset") as caught:
                file.read(name)
            assert "it holds nothing, group/kspace" in str(caught.value)
        with pytest.raises(DataError, match="no dataset 'nope'"):
            file.attributes("nope")
        with pytest.raises(DataError, match="nothing: the dataset is empty"):
            file.read("nothing")
        with pytest.raises(DataError, match="group/kspace: it cannot be read"):
            file.read("group/kspace", np.s_[3, 4])
    for missing in (tmp_path / "gone.h5", tmp_path):
        with pytest.raises(DataError, match="there is no such file"), open_hdf5(missing):
            pass


def test_not_hdf5(path):
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(DataError, match=r"scan\.h5: this is not an HDF5 file"), open_hdf5(path):
        pass


@pytest.mark.parametrize("keep", [100, 2000, 40_000])
def test_truncated_file(path, keep):
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(0).normal(size=10_000)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"scan\.h5: /: it cannot be read"), open_hdf5(path):
        pass


def test_damaged_chunk_is_told(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.random.default_rng(0).normal(size=4096), chunks=(4096,), fletcher32=True)
        offset = file["x"].id.get_chunk_info(0).byte_offset
    blob = bytearray(path.read_bytes())
    blob[offset + 100] ^= 255
    path.write_bytes(blob)
    with pytest.raises(DataError, match=r"scan\.h5: x: it cannot be read"), open_hdf5(path) as file:
        file.read("x")


def test_errors_of_the_caller_pass_through(path):
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(ValueError, match="mine"), open_hdf5(path):
        raise ValueError("mine")


def test_measured_scans_pass_the_door(real_data):
    files = sorted(real_data.rglob("*.h5"))
    assert files
    for measured in files:
        with open_hdf5(measured) as file:
            assert file.keys()
            for name in file.keys():  # noqa: SIM118
                index = (0,) * len(file.shape(name))
                assert file.read(name, index).shape == ()
                file.attributes(name)
