"""Files that somebody could have: two images, or a sinogram with k-space, are known by what they hold, and reconstructed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mridiff import Registry, load, open_scans
from mridiff.errors import DataError
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_sdk.fits import blocks, fits, miniature

FITTING = {"mc-diffusion", "mc-diffusion-independent", "pet-mr-classical"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, scan = tmp_path_factory.mktemp("files"), PetMrPhantom(first=500_000, counts=5e4)[0]
    pet, mr = scan.truth["x"].data[0].numpy()
    np.savez(folder / "pair.npz", pet=2e4 * pet, mr=500 * mr)
    counts, k = (block[0].numpy() for block in scan.measured.y)
    background = scan.measured.noise.parts[0].background
    np.savez(folder / "sinogram.npz", sinogram=counts, angles=scan.measured.acquisition["angles"].data[0].numpy(), kspace=500 * k,
             background=background)  # fmt: skip
    return folder


def test_a_pair_of_images_is_reconstructed_from_the_shell(files, tmp_path):
    options = ["--samples", "1", "--set", "sampler.options.steps=8", "--set", "dataset.options.counts=5e4"]
    words = ["recon", "mc-diffusion", files / "pair.npz", "-o", tmp_path / "out", *options]
    line = [sys.executable, "-c", "from mridiff.cli import main; main()", *map(str, words)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "pair" / "record.json").read_text())
    assert record["config"]["dataset"]["use"] == "datasets/pet-mr-images" and "divided" in record["notes"][0]
    metrics = record["metrics"]
    assert all(metrics["x"][f"psnr_{i}"] > metrics["baseline"][f"psnr_{i}"] + 3 for i in (0, 1))


def test_a_measured_sinogram_is_reconstructed_as_the_scan_that_it_is(files):
    scan = open_scans(files / "sinogram.npz")[0]
    truth = PetMrPhantom(first=500_000, counts=5e4)[0].truth["x"].data
    result = load("mc-diffusion", samples=1, sampler={"options": {"steps": 8}})(scan)
    for found, given in zip(result.x[0], truth[0], strict=True):
        a = float((found * given).sum() / found.square().sum())
        assert a == pytest.approx(1, rel=0.25) and float((a * found - given).norm() / given.norm()) < 0.25


@pytest.mark.parametrize(("file", "dataset"), [("pair.npz", "pet-mr-images"), ("sinogram.npz", "pet-mr-sinograms")])
def test_what_fits_is_told_before_a_scan_is_read(files, file, dataset):
    registry = Registry.discover()
    (told,) = open_scans(files / file).contents()
    assert blocks(told) == ["y0", "y1"] and [b.is_complex() for b in miniature(told).measured.y] == [False, True]
    found = fits(told, registry.find("dataset", dataset), registry)
    assert {name for name, reason in found.items() if not reason} == FITTING


def test_a_file_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", activity=np.ones((4, 4)))
    with pytest.raises(DataError, match="pet-mr-images: there is no `pet` and no `mr`"):
        open_scans(tmp_path / "a.npz")
