"""Results as BART arrays, opened again by the reader here and, where it is installed, by BART itself."""

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from mridiff.errors import DataError
from mridiff_datasets.arrays import Arrays
from mridiff_datasets.bart_writer import bart, write_cfl
from mridiff_datasets.cfl import open_cfl

BART = shutil.which("bart")
WRITE = typer.Typer()
WRITE.command()(bart)


def run(*words):
    line = [sys.executable, "-c", "from mridiff.cli import main; main()", "recon", "zero-filled", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def written(out):
    done = CliRunner().invoke(WRITE, [str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def stored(folder):
    with h5py.File(folder / "reconstruction.h5") as file:
        return file["reconstruction"][()]


def test_a_bart_scan_comes_back_as_a_bart_array(tmp_path, kspace):
    """K-space in, image out, complex and in the units of the data; seen by BART as by the reader."""
    write_cfl(tmp_path / "head.cfl", kspace.numpy(), ("coil", "y", "x"))
    torch.testing.assert_close(Arrays(tmp_path / "head.cfl")[0].measured.y[0], kspace)
    run(tmp_path / "head.cfl", "-o", tmp_path / "out")
    assert "(y, x) = (40, 36)" in written(tmp_path / "out")
    image = stored(tmp_path / "out" / "head")
    path = tmp_path / "out" / "bart" / "head.cfl"
    with open_cfl(path, "image") as file:
        assert file.axes == ("x", "y")
        np.testing.assert_allclose(file.read("image").T, image, rtol=1e-6)
    if BART:
        shown = subprocess.run([BART, "show", "-m", path.with_suffix("")], capture_output=True, text=True, check=True).stdout
        assert "36" in shown and "40" in shown
        subprocess.run([BART, "transpose", "0", "1", path.with_suffix(""), tmp_path / "turned"], check=True)
        with open_cfl(tmp_path / "turned.cfl", "image") as file:
            np.testing.assert_allclose(file.read("image"), image, rtol=1e-6)


def test_slices_of_a_volume_are_one_array(tmp_path, save, kspace):
    save(tmp_path / "a.h5", kspace=torch.stack([kspace, 2 * kspace, 3 * kspace]))
    run(tmp_path / "a.h5", "-o", tmp_path / "out")
    written(tmp_path / "out")
    with open_cfl(tmp_path / "out" / "bart" / "a.cfl", "image") as file:
        assert file.axes == ("x", "y", "slice")
        image = file.read("image")
    for i in range(3):
        np.testing.assert_allclose(image[..., i].T, stored(tmp_path / "out" / f"a-s{i:03d}"), rtol=1e-6)


def test_axes_that_bart_has_not_and_folders_without_results_are_refused(tmp_path):
    with pytest.raises(DataError, match="no dimension for modality"):
        write_cfl(tmp_path / "a.cfl", np.ones((2, 3, 3)), ("modality", "y", "x"))
    with pytest.raises(DataError, match="no dimension for two of"):
        write_cfl(tmp_path / "a.cfl", np.ones((2, 3)), ("z", "kz"))
    with pytest.raises(DataError, match="holds no results"):
        CliRunner().invoke(WRITE, [str(tmp_path)], catch_exceptions=False)
