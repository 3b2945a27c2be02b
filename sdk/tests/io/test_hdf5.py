"""HDF5: ordinary files are read exactly; hostile ones are refused before their values are touched."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff_sdk.io.hdf5 import Limits, open_hdf5


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "scan.h5"


def refused(path: Path, text: str, name: str = "x", limits: Limits | None = None) -> None:
    with pytest.raises(UnsafeInput, match=text) as caught, open_hdf5(path, limits) as file:
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


def test_claim_of_400_gib_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(50, 32, 256, 256, 512), dtype="complex64", chunks=(1, 1, 256, 256, 1), compression="gzip")
    assert path.stat().st_size < 10_000
    refused(path, r"its values claim 400 GiB \(50x32x256x256x512 of complex64\); at most 8 GiB")
    with pytest.raises(UnsafeInput, match="400 GiB"), open_hdf5(path) as file:
        file.read("x", np.s_[0, 0, 0, 0, 0])


def test_claim_by_one_chunk_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(1,), maxshape=(None,), chunks=(1000,), dtype="f8")
    refused(path, "its chunks claim", limits=Limits(dataset=7999))


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


@pytest.mark.parametrize("dtype", [h5py.vlen_dtype("f4"), h5py.ref_dtype, np.dtype([("a", "f4"), ("b", "i4")])])
def test_other_types_are_refused(path, dtype):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(2,), dtype=dtype)
        file.attrs.create("a", np.zeros(2, "f4"), dtype="f4") if dtype.kind == "O" else file.attrs.create("a", np.zeros(2, dtype))
    refused(path, "only numbers and strings are read")


def test_limits_on_counts(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros((1,) * 9)
        file["g/s"] = ["a", "b", "c", "d"]
    refused(path, "it has 9 dimensions; at most 8")
    refused(path, "more than 2 objects", limits=Limits(objects=2))
    refused(path, "it has 4 strings; at most 3", "g/s", Limits(objects=3))
    refused(path, "hold more than 3 bytes", "g/s", Limits(text=3))


def test_limits_on_attributes(path):
    with h5py.File(path, "w") as file:
        file.attrs.update({"a": np.zeros(100), "s": "x" * 300, "n": ["y"] * 50})
        file["big"], file["long"], file["many"] = 1, 1, 1
        for name, value in {"big": np.zeros(100), "long": "x" * 300, "many": ["y"] * 50}.items():
            file[name].attrs["a"] = value
    limits = Limits(attribute=200, dataset=1000)
    for name, text in {"big": "claims 800 bytes", "long": "longer than 200", "many": "claims"}.items():
        with pytest.raises(UnsafeInput, match=f"{name}: its attribute 'a' .*{text}"), open_hdf5(path, limits) as file:
            file.attributes(name)


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
