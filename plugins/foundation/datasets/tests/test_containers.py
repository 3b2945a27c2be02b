"""Arrays in the files that people have them in, in the axis order of each: NumPy, HDF5, MATLAB, BART. All must be the same scan."""

import h5py
import numpy as np
import pytest
import scipy.io
import torch

from mridiff import open_scans
from mridiff.errors import DataError, UnsafeInput
from mridiff_datasets.arrays import Arrays
from mridiff_sdk.fourier import fft, ifft

BART = {"x": 0, "y": 1, "kz": 2, "coil": 3, "echo": 5, "slice": 13}


def write_cfl(path, values, axes, **sizes):
    """As BART does: the first of 16 dimensions fastest, the sizes in a text."""
    dims = [1] * 16
    for axis, n in zip(axes, values.shape, strict=True):
        dims[BART[axis]] = n
    for d, n in sizes.items():
        dims[int(d[1:])] = n
    order = sorted(range(len(axes)), key=lambda i: BART[axes[i]])
    values.transpose(order).astype("<c8").ravel(order="F").tofile(path)
    path.with_suffix(".hdr").write_text("# Dimensions\n" + " ".join(map(str, dims)) + " \n# Command\nfft -u 3 a b\n")
    return path


def write_73(path, **arrays):
    """As `save -v7.3` does: axes reversed, complex numbers as pairs, numbers as 1 x 1, behind 512 bytes of a head."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            values = np.atleast_2d(values).T
            if values.dtype.kind == "c":
                pairs = np.empty(values.shape, [("real", values.real.dtype), ("imag", values.real.dtype)])
                pairs["real"], pairs["imag"] = values.real, values.imag
                values = pairs
            file[name] = values
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM")
    return path


def npz(path, values, axes, **more):
    np.savez(path, kspace=values, axes=list(axes), **more)
    return path


def attribute(path, values, axes):
    with h5py.File(path, "w") as file:
        file["kspace"] = values
        file["kspace"].attrs["axes"] = list(axes)
    return path


def npy(path, values, axes):
    np.save(path, values)
    return path


WRITERS = {"a.npz": npz, "a.h5": attribute, "a.npy": npy, "a.cfl": write_cfl,
           "five.mat": lambda p, v, _: scipy.io.savemat(p, {"kspace": v}) or p, "seven.mat": lambda p, v, _: write_73(p, kspace=v)}  # fmt: skip


@pytest.mark.parametrize(
    "order", [("coil", "y", "x"), ("x", "coil", "y"), ("y", "x", "coil", "slice"), ("slice", "y", "echo", "x", "coil")], ids="".join
)
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_in_any_order_is_the_same_scan(tmp_path, kspace, name, order):
    counters = [a for a in order if a in {"slice", "echo"}]
    stack = torch.stack([(1 + i) * kspace for i in range(2 ** len(counters))]).reshape(*[2] * len(counters), *kspace.shape).numpy()
    canonical = [*counters, "coil", "y", "x"]
    path = WRITERS[name](tmp_path / name, np.ascontiguousarray(stack.transpose([canonical.index(a) for a in order])), order)
    told = name in {"a.npz", "a.h5", "a.cfl"} or (name.endswith(".mat") and order == ("y", "x", "coil", "slice"))
    data = Arrays(path, axes="" if told else ",".join(order), maps="low-frequency")
    expected = {"": [""], "slice": ["-s000", "-s001"], "slice,echo": [f"-s{s:03d}-e{e:03d}" for s in (0, 1) for e in (0, 1)]}[
        ",".join(counters)
    ]
    ids = [path.stem + e for e in expected]
    if name == "a.cfl" and len(counters) == 2:  # its dimensions have an order of their own: echo before slice
        ids = [f"a-e{e:03d}-s{s:03d}" for e in (0, 1) for s in (0, 1)]
        stack = stack.swapaxes(0, 1)
    assert [s.id for s in data] == ids
    for scan, values in zip(data, stack.reshape(-1, *kspace.shape), strict=True):
        assert torch.equal(scan.measured.y[0], torch.from_numpy(values.copy()))
    assert data.contents()[0].measured["y"] == {"coil": 4, "ky": 40, "kx": 36}


@pytest.mark.parametrize("write", [write_73, lambda p, **arrays: scipy.io.savemat(p, arrays) or p])
def test_what_stands_beside_in_a_matlab_file(tmp_path, kspace, coil_maps, image, lines, write):
    turned = {"kspace": kspace.numpy().transpose(1, 2, 0), "sensitivity_maps": coil_maps.numpy().transpose(1, 2, 0),
              "reference": image.numpy(), "mask": lines[0].numpy().astype(np.float64), "noise_std": np.array(0.02)}  # fmt: skip
    scan = open_scans(write(tmp_path / "a.mat", **turned))[0]
    assert torch.equal(scan.measured.y[0], torch.where(lines, kspace, 0)) and scan.measured.noise.std == 0.02
    assert torch.allclose(scan.measured.acquisition["sensitivity_maps"].data[0], coil_maps, atol=1e-6)
    assert torch.allclose(scan.truth["x"].data[0].abs(), image.abs(), atol=1e-6) and scan.notes == ()


@pytest.mark.parametrize("name", ["a.cfl", "a.npy"])
def test_a_file_of_one_array_may_be_an_image(tmp_path, image, name):
    path = WRITERS[name](tmp_path / name, image.numpy(), ("y", "x"))
    scan = Arrays(path, holds="image", coils=3)[0]
    assert torch.allclose(scan.truth["x"].data[0], image, atol=1e-6) and scan.measured.y.shape == (1, 3, 40, 36)


@pytest.mark.parametrize("name", ["a.cfl", "a.npz"])
def test_a_third_dimension_is_transformed_to_slices_unless_it_has_gaps(tmp_path, kspace, name):
    slices = ifft(torch.stack([kspace, 2 * kspace, 3 * kspace, 4 * kspace, 5 * kspace]))
    volume = fft(slices, (-4, -2, -1)).numpy()
    data = Arrays(WRITERS[name](tmp_path / name, volume, ("kz", "coil", "y", "x")))
    assert [s.id for s in data] == [f"a-s{i:03d}" for i in range(5)] and data.contents()[0].holds["kz"] == "transformed to slices"
    for scan, wanted in zip(data, slices, strict=True):
        assert torch.allclose(ifft(scan.measured.y[0]), wanted, atol=1e-5)
    volume[1::2, :, ::2] = 0
    with pytest.raises(DataError, match=r"a\.(cfl|npz): kspace: it is undersampled along kz"):
        Arrays(WRITERS[name](tmp_path / name, volume, ("kz", "coil", "y", "x")))[0]


@pytest.mark.parametrize(("axes", "words"), [
    ("y,x", "are 2 axes, the array has 3"), ("coil,y,q", "'q': no such axis; known are slice, coil"), ("y,y,x", "each once"), ("slice,echo,x", "y and x must be"),
])  # fmt: skip
def test_axes_that_do_not_fit(tmp_path, kspace, axes, words):
    for path, options in (
        (npy(tmp_path / "a.npy", kspace, ()), {"axes": axes}),
        (attribute(tmp_path / "a.h5", kspace, axes.split(",")), {}),
    ):
        with pytest.raises(DataError, match=rf"{path.name}: kspace: (the option axes|its attribute axes): .*{words}"):
            Arrays(path, **options)


def test_faults_of_bart_files(tmp_path, kspace):
    def refused(words, kind=DataError):
        with pytest.raises(kind, match=words):
            Arrays(tmp_path / "a.cfl")[0]

    values = kspace.numpy()
    write_cfl(tmp_path / "a.cfl", values, ("coil", "y", "x"), d4=2)
    refused("2 sets of maps along dimension 4")
    write_cfl(tmp_path / "a.cfl", values[:, :, None, :], ("coil", "y", "x", "kz"))
    refused("lie off a grid, along a trajectory in another file")
    write_cfl(tmp_path / "a.cfl", values, ("coil", "y", "x"), d5=3)
    refused(r"it has 46080 bytes, 138240 belong to the sizes")
    (tmp_path / "a.hdr").write_text("# Dimensions\n36 x 40\n")
    refused("there are no sizes after '# Dimensions'")
    (tmp_path / "a.hdr").unlink()
    refused(r"a\.hdr: there is no such file")


def test_faults_of_numpy_and_matlab_files(tmp_path, kspace):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object))
    with pytest.raises(UnsafeInput, match="pickled objects"):
        Arrays(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", kspace.numpy())
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-9])
    with pytest.raises(UnsafeInput, match="does not fit its 46199 bytes"):
        Arrays(tmp_path / "a.npy")
    scipy.io.savemat(tmp_path / "a.mat", {"raw": kspace.numpy()})
    with pytest.raises(DataError, match=r"neither 'kspace' nor 'image' \(it holds raw\)"):
        open_scans(tmp_path / "a.mat")
    scipy.io.savemat(tmp_path / "a.mat", {"kspace": np.full((3, 4, 5), "a", dtype=object)})
    with pytest.raises(DataError, match=r"a\.mat: kspace: numbers of type object are not complex"):
        open_scans(tmp_path / "a.mat")
    scipy.io.savemat(tmp_path / "a.mat", {"kspace": kspace.numpy()}, do_compression=True)
    (tmp_path / "a.mat").write_bytes((tmp_path / "a.mat").read_bytes()[:9000])
    with pytest.raises(DataError, match=r"a\.mat"):
        open_scans(tmp_path / "a.mat")[0]
    (tmp_path / "a.mat").write_bytes(b"not a file of arrays")
    with pytest.raises(DataError, match="cannot be read as a MAT-file"):
        open_scans(tmp_path / "a.mat")
