"""Malformed measurements: sound files with mutations, with fields edited as their formats lay them out, and files built wrong on purpose."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import sound
from judge import check
from mutations import EXTREME, Rng, edit, flip, mutated, number, pick

from mridiff import open_scans
from mridiff_sdk.io import open_hdf5

Use = Callable[[], object]
NIFTI = {"sizeof_hdr": (0, "<i"), "dim": (40, "<8h"), "one dim": (42, "<h"), "last dim": (46, "<h"), "datatype": (70, "<h"), "bitpix": (72, "<h"),
         "pixdim": (76, "<8f"), "vox_offset": (108, "<f"), "slope": (112, "<f"), "inter": (116, "<f"), "codes": (252, "<2h"), "quatern": (256, "<6f"),
         "srow_x": (280, "<4f"), "srow_z": (312, "<4f"), "magic": (344, "<4B"), "extension": (348, "<4B")}  # fmt: skip
OPTIONS = (
    {},
    {},
    {},
    {"acceleration": 2.0},
    {"maps": "low-frequency"},
    {"maps": "none"},
    {"axes": "y,x,coil,slice"},
    {"noise_std": 0.1},
    {"slices": "0"},
)


def scans(path: Path, options: dict) -> Use:
    """Reads the first and the last scan of a file, or of a folder."""

    def use() -> str:
        data = open_scans(path, **options)
        for index in sorted({0, len(data) - 1}):
            check(data[index])
        return f"{len(data)} scans"

    return use


def written(rng: Rng, folder: Path, name: str, blob: bytes) -> Use:
    """The file, read as such; now and then beside a sound one, as a folder."""
    path = folder / name
    path.write_bytes(blob)
    if rng.random() < 0.05:
        (folder / f"sound{path.suffix}").write_bytes(sound.files()["plain.h5" if path.suffix in {".h5", ".hdf5", ".mrd"} else "real.nii"])
        return scans(folder, pick(rng, OPTIONS))
    return scans(path, pick(rng, OPTIONS))


def hdf5_bytes(rng: Rng, folder: Path) -> Use:
    name = pick(rng, [n for n in sound.files() if n.endswith((".h5", ".hdf5", ".mrd"))])
    return written(rng, folder, name, mutated(rng, sound.files()[name]))


def hdf5_sizes(rng: Rng, folder: Path) -> Use:
    """A size that the file declares (they are numbers that occur nowhere else) becomes an extreme one."""
    name = pick(rng, [n for n in sound.files() if n.endswith((".h5", ".hdf5", ".mrd"))])
    data = bytearray(sound.files()[name])
    for _ in range(int(rng.integers(1, 3))):
        value, size = pick(rng, (sound.NY, sound.NX, sound.COILS, sound.SLICES, 8, 16)), pick(rng, (4, 8))
        places = [m.start() for m in re.finditer(re.escape(value.to_bytes(size, "little")), bytes(data))]
        if places:
            at = pick(rng, places)
            data[at : at + size] = (pick(rng, EXTREME) % 2 ** (8 * size)).to_bytes(size, "little")
    return written(rng, folder, name, bytes(data))


TYPES = ("c8", "c16", "f4", "f8", "f2", "i2", "u1", "i8", ">c8", ">f4", "S5", "S2000000", "?", "V8")
NAMES = ("kspace", "kspace", "kspace", "image", "sensitivity_maps", "mask", "reference", "noise_std", "trajectory", "ismrmrd_header", "data",
         "xml", "dataset/data", "dataset/xml", "reconstruction_rss", "a\x1b[31mb", "g/kspace", "é" * 200)  # fmt: skip
SHAPES = ((), (0,), (1,), (23,), (29, 23), (3, 29, 23), (2, 3, 29, 23), (3, 0, 23), (1,) * 6, (1,) * 30, (10**9, 1, 1, 1), (2, 3, 30_000, 30_000),
          (1, 10**5, 10**5), (10**9, 23), (2**40,), (2, 10**7, 4, 4), (300_000, 2, 2), (16, 5000, 5000), (4000, 4000), (64, 700, 700))  # fmt: skip


def hdf5_built(rng: Rng, folder: Path) -> Use:
    """Arrays of known names with any shape, type, chunks, filters, fill value; links, groups, attributes."""
    path = folder / "built.h5"
    with h5py.File(path, "w") as file:
        for name in dict.fromkeys(pick(rng, NAMES) for _ in range(int(rng.integers(1, 5)))):
            _array(rng, file, name)
        extra = int(rng.integers(12))
        if extra == 0:
            file["kspace2"] = h5py.SoftLink("/kspace")
        elif extra == 1:
            file["/".join(["g"] * int(rng.integers(1, 300)))] = 1
        elif extra == 2:
            for i in range(int(rng.integers(1, 3000))):
                file.create_group(f"g{i}")
        elif extra == 3:
            group = file.require_group("circle")
            group["again"] = file["/"]
    if rng.random() < 0.2:
        path.write_bytes(mutated(rng, path.read_bytes()))
    return scans(path, pick(rng, OPTIONS))


def _array(rng: Rng, file: h5py.File, name: str) -> None:
    shape, kind = pick(rng, SHAPES), pick(rng, (*TYPES, "text", "vlen", "pair", "enum", "ref")) if rng.random() < 0.6 else "c8"
    dtype = {"text": h5py.string_dtype(), "vlen": h5py.vlen_dtype("f4"), "pair": np.dtype([("r", "i2"), ("i", "i2")]),
             "enum": h5py.enum_dtype({"A": 0, "B": 1}), "ref": h5py.ref_dtype}.get(kind) or np.dtype(kind)  # fmt: skip
    options: dict = {}
    if shape and rng.random() < 0.8:
        options["chunks"] = tuple(max(1, min(n, int(pick(rng, (1, 7, 100, 1000, n))))) for n in shape)
        while np.prod(options["chunks"], dtype=float) * dtype.itemsize > 2**31:
            options["chunks"] = tuple(max(1, n // 2) for n in options["chunks"])
        options |= {"compression": pick(rng, ("gzip", "gzip", "lzf", None)), "shuffle": bool(rng.random() < 0.5)}
        if rng.random() < 0.3:
            options["maxshape"] = (None,) * len(shape)
    if kind in {"c8", "f4", "f8", "c16"} and rng.random() < 0.5:
        options["fillvalue"] = pick(rng, (1, np.nan, np.inf, 1e30, 1e-30))
    with suppress(ValueError, TypeError, OSError, RuntimeError):  # combinations that the format does not have
        file.create_dataset(name, shape, dtype, **options)


def hdf5_bombs(rng: Rng, folder: Path) -> Use:
    """A compressed chunk that inflates beyond its size; filters in filters; many references to one long text."""
    path = folder / "bomb.h5"
    kind = int(rng.integers(4))
    with h5py.File(path, "w") as file:
        if kind == 0:
            data = file.create_dataset("kspace", (3, 64, 64), "c8", chunks=(3, 64, 64), compression="gzip")
            data.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(int(pick(rng, (1, 9, 120))) * 2**20), 1))
        elif kind == 1:
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((3, 64, 64))
            properties.set_obj_track_times(False)
            for _ in range(int(rng.integers(2, 6))):
                properties.set_deflate(9)
            h5py.h5d.create(file.id, b"kspace", h5py.h5t.py_create(np.dtype("c8")), h5py.h5s.create_simple((3, 64, 64)), properties)
        elif kind == 2:
            file.create_dataset("xml", data=["x" * 50_000] * int(rng.integers(1, 500)), dtype=h5py.string_dtype())
            file["data"] = np.zeros(3)
        else:
            for i in range(int(rng.integers(1, 200))):
                file.attrs[f"a{i}"] = ["y" * 7000] * int(rng.integers(1, 9))
            file["kspace"] = sound.kspace()
    if kind == 3:
        return lambda: _attributes(path)
    return scans(path, {})


def _attributes(path: Path) -> int:
    with open_hdf5(path) as file:
        return len(file.attributes())


def raw_heads(rng: Rng, folder: Path) -> Use:
    """ISMRMRD: fields of some or all heads, and the lengths and values of lines."""
    lines = sound.acquisitions()
    head = lines["head"]
    for _ in range(int(rng.integers(1, 4))):
        which = slice(None) if rng.random() < 0.5 else rng.integers(len(lines), size=int(rng.integers(1, 5)))
        names = [(head, n) for n in head.dtype.names if n != "idx"] + [(head["idx"], n) for n in head["idx"].dtype.names]
        fields, name = pick(rng, names)
        kind = fields[name].dtype.char
        fields[name][which] = number(rng, kind) if fields[name].dtype.kind in "uif" else fields[name][which]
    if rng.random() < 0.3:
        for i in rng.integers(len(lines), size=3):
            lines["data"][i] = np.full(int(rng.integers(0, 400)), number(rng, "f"), np.float32)
    return written(rng, folder, "raw.h5", sound.hdf5(lambda file: sound.ismrmrd_file(file, lines=lines)))


def raw_types(rng: Rng, folder: Path) -> Use:
    """ISMRMRD: lists of lines of another type, or with many lines that were never written."""
    import ismrmrd.hdf5

    v = h5py.vlen_dtype("f4")
    head = ismrmrd.hdf5.acquisition_header_dtype
    kept = [n for n in head.names if rng.random() < 0.8]
    less = np.dtype([(n, head[n] if rng.random() < 0.9 else pick(rng, ("i8", "f4", "u1", "S4"))) for n in kept] or [("flags", "u8")])
    dtype = pick(rng, (np.dtype([("head", less), ("data", v)]), np.dtype([("head", "i4"), ("data", v)]), np.dtype([("head", less), ("data", "f4")]),
                       ismrmrd.hdf5.acquisition_dtype, np.dtype("f4"), np.dtype([("head", less), ("data", v), ("traj", v)])))  # fmt: skip
    shape = pick(rng, ((4,), (0,), (), (2, 2), (10**5,), (10**7,), (2**33,)))

    def write(file):
        file.create_group("dataset").create_dataset("xml", data=[sound.XML], dtype=h5py.string_dtype())
        packed = {"chunks": (pick(rng, (1, 1000, 10**5)),), "maxshape": (None,), "compression": "gzip"} if len(shape) == 1 else {}
        file["dataset"].create_dataset("data", shape, dtype, **packed)

    return written(rng, folder, "raw.h5", sound.hdf5(write))


TEXTS = (
    "",
    "-1",
    "0",
    "1",
    "65535",
    "65536",
    "30000",
    "99999999999999999999",
    "1e400",
    "nan",
    "inf",
    "x",
    "&lt;",
    "&e;",
    "\x01",
    "é",
    "1" * 5000,
)


def xml(rng: Rng) -> str:
    text = sound.XML
    for _ in range(int(rng.integers(1, 4))):
        kind = int(rng.integers(8))
        tags = [m.span() for m in re.finditer(r"<[^<>]+>", text)]
        numbers = [m.span(1) for m in re.finditer(r">\s*([\d.]+)\s*<", text)]
        if kind <= 2 and numbers:
            a, b = pick(rng, numbers)
            text = text[:a] + pick(rng, TEXTS) + text[b:]
        elif kind == 3 and tags:
            a, b = pick(rng, tags)
            text = text[:a] + text[b:]
        elif kind == 4 and tags:
            (a, b), times = pick(rng, tags), int(pick(rng, (1, 2, 1000)))
            text = text[:b] + text[a:b] * times + text[b:]
        elif kind == 5:
            body = re.search(r"<encoding>.*</encoding>", text, re.DOTALL)
            text = text if body is None else text.replace(body[0], body[0] * int(pick(rng, (0, 2, 200))))
        elif kind == 6:
            text = pick(rng, ('<!DOCTYPE a [<!ENTITY e "x">]>', "<a>" * 20_000, "<!--" + "x" * 10**5 + "-->", '<?xml version="1.0" encoding="utf-16"?>',
                              "<a " + "".join(f'b{i}="" ' for i in range(3000)) + "/>")) + text  # fmt: skip
        else:
            text = mutated(rng, text.encode()).decode("utf-8", "replace").replace("\0", "")
    return text


def raw_header(rng: Rng, folder: Path) -> Use:
    text = xml(rng)
    return written(rng, folder, "raw.mrd", sound.hdf5(lambda file: sound.ismrmrd_file(file, text)))


def fastmri_header(rng: Rng, folder: Path) -> Use:
    def write(file):
        sound.fastmri_file(file)
        del file["ismrmrd_header"]
        file["ismrmrd_header"] = xml(rng)

    return written(rng, folder, "fastmri.h5", sound.hdf5(write))


def npz_bytes(rng: Rng, folder: Path) -> Use:
    name = pick(rng, ("stored.npz", "deflated.npz"))
    return written(rng, folder, name, mutated(rng, sound.files()[name]))


def npz_members(rng: Rng, folder: Path) -> Use:
    """Archives whose checksums are right: heads and values of their arrays are mutated inside, or written anew."""
    stream = io.BytesIO()
    method = pick(rng, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(stream, "w", method) as out, zipfile.ZipFile(io.BytesIO(sound.files()["stored.npz"])) as source:
        for member in source.namelist():
            data = source.read(member)
            if rng.random() < 0.4:
                data = bytearray(data)
                (flip if rng.random() < 0.3 else _head)(rng, data)
            if rng.random() < 0.95:
                name = pick(rng, ("../" + member, member.upper(), "a\x1b.npy")) if rng.random() < 0.03 else member
                out.writestr(zipfile.ZipInfo(name), bytes(data), method)  # without the time of day
        if rng.random() < 0.05:
            for i in range(int(rng.integers(1, 3000))):
                out.writestr(zipfile.ZipInfo(f"{i}.npy"), b"", method)
    return written(rng, folder, "a.npz", stream.getvalue())


def _head(rng: Rng, data: bytearray) -> None:
    shape = str(pick(rng, (*SHAPES, (True,), (-1, 29), ("a",), None, 10**40, (2**31, 2**31, 2**31), [1])))
    descr = repr(
        pick(rng, ("<c8", ">c8", "<f4", "|O", "|V0", "|S0", "<U5", "x", 3, None, [("r", "<i2"), ("i", "<i2")], "<M8[s]", "<c8" * 1000))
    )
    head = f"{{'descr': {descr}, 'fortran_order': {pick(rng, (True, False, 3, 'x'))!r}, 'shape': {shape}, }}".encode()
    head = pick(
        rng, (head, head, head, head, head[:-5], b"(" * 5000, b"-" * 9000 + b"1", b"\xff" * 9, b"", head * 2, b"{\n", b"__import__('os')")
    )
    values = bytes(int(pick(rng, (0, 8, sound.NY * sound.NX * 8))))
    data[:] = (
        b"\x93NUMPY" + bytes(pick(rng, ((1, 0), (1, 0), (2, 0), (3, 0), (9, 9)))) + struct.pack("<H", len(head) % 65536) + head + values
    )


def nifti_bytes(rng: Rng, folder: Path) -> Use:
    name = pick(rng, [n for n in sound.files() if ".nii" in n])
    return written(rng, folder, name, mutated(rng, sound.files()[name]))


def nifti_fields(rng: Rng, folder: Path) -> Use:
    blob = edit(rng, sound.files()[pick(rng, ("real.nii", "series.nii", "complex.nii"))], NIFTI)
    packed = rng.random() < 0.3
    return written(rng, folder, "a.nii.gz" if packed else "a.nii", gzip.compress(blob, 1, mtime=0) if packed else blob)


def nifti_bombs(rng: Rng, folder: Path) -> Use:
    """Compressed images of zeros, and of more or less than their head says."""
    blob = bytearray(sound.files()["real.nii"][:352])
    sizes = pick(rng, ((512, 512, 300), (30_000, 30_000, 1), (32_000, 32_000, 32_000), (1, 1, 32_767), (300, 300, 900), (5, 5, 5)))
    struct.pack_into("<8h", blob, 40, 3, *sizes, 1, 1, 1, 1)
    packed = gzip.compress(bytes(blob), mtime=0) + gzip.compress(bytes(2**20), mtime=0) * int(pick(rng, (0, 1, 50, 400)))
    return written(rng, folder, "bomb.nii.gz", packed)


def matlab_bytes(rng: Rng, folder: Path) -> Use:
    name = pick(rng, [n for n in sound.files() if n.endswith(".mat")])
    return written(rng, folder, name, mutated(rng, sound.files()[name]))


def dicom_bytes(rng: Rng, folder: Path) -> Use:
    """A slice with mutations, alone or among sound ones of its series."""
    for place in range(1, int(rng.integers(1, 4))):
        (folder / f"sound{place}").write_bytes(sound.dicom(place))
    (folder / "slice.dcm").write_bytes(mutated(rng, sound.files()["slice.dcm"]))
    return scans(folder if rng.random() < 0.5 else folder / "slice.dcm", pick(rng, OPTIONS))


def numpy_bytes(rng: Rng, folder: Path) -> Use:
    """A single array, with mutations or a head of its own."""
    data = bytearray(sound.files()["one.npy"])
    if rng.random() < 0.5:
        _head(rng, data)
    return written(rng, folder, "one.npy", mutated(rng, bytes(data)) if rng.random() < 0.7 else bytes(data))


def bart_pairs(rng: Rng, folder: Path) -> Use:
    """A BART array whose header is mutated, or states odd sizes, or is missing; or whose values are mutated."""
    values, header = sound.bart()
    if rng.random() < 0.5:
        header = mutated(rng, header)
    elif rng.random() < 0.8:
        sizes = [pick(rng, (0, 1, 1, 1, 2, sound.NX, sound.NY, 10**5, 2**40, 10**30)) for _ in range(int(rng.integers(0, 20)))]
        header = b"# Dimensions\n" + " ".join(map(str, sizes)).encode() + b"\n"
    if rng.random() < 0.9:
        (folder / "a.hdr").write_bytes(header)
    return written(rng, folder, "a.cfl", mutated(rng, values) if rng.random() < 0.5 else values)


def other_files(rng: Rng, folder: Path) -> Use:
    """What is no measurement at all, under the name of one."""
    content = pick(rng, (b"", b"\0", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", b"<html>404</html>", b"\x89HDF\r\n\x1a\n",
                         b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x1f\x8b\x08\0", b"CFL", b"\xff" * 1000, rng.bytes(500), b"\n" * 348,
                         *(sound.files()[n] for n in ("plain.h5", "stored.npz", "real.nii", "series.nii.gz"))))  # fmt: skip
    name = "other" + pick(rng, (".h5", ".hdf5", ".mrd", ".npz", ".nii", ".nii.gz", ".npy", ".mat", ".dcm", ".zip", ""))
    return written(rng, folder, name, content)


MEASUREMENTS = {
    "hdf5 bytes": hdf5_bytes, "hdf5 sizes": hdf5_sizes, "hdf5 built": hdf5_built, "hdf5 bombs": hdf5_bombs, "ismrmrd heads": raw_heads,
    "ismrmrd types": raw_types, "ismrmrd header": raw_header, "fastmri header": fastmri_header, "npz bytes": npz_bytes, "npz members": npz_members,
    "nifti bytes": nifti_bytes, "nifti fields": nifti_fields, "nifti bombs": nifti_bombs, "matlab bytes": matlab_bytes, "numpy bytes": numpy_bytes, "dicom bytes": dicom_bytes, "bart pairs": bart_pairs, "other files": other_files,
}  # fmt: skip
