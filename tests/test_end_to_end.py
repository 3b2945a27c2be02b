"""Whole runs from the shell and from Python, as a user makes them."""

import json

import h5py
import numpy as np
import pytest

import mridiff as package
from mridiff import open_scans

BASELINES = ("zero-filled", "cg-sense", "l1-wavelet", "tv")

FROM_NOISE = ("--set", "sampler.options.steps=4", "--set", "sampler.options.start=noise")


def test_a_file_becomes_pictures_arrays_and_a_record(mridiff, scan_file, tmp_path):
    out = tmp_path / "out"
    done = mridiff("recon", "dps-mri", scan_file, "-R", "3", "--samples", "2", "--seed", "0", "-o", out, *FROM_NOISE)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "record.json").read_text())
    scan = record["scans"][0]
    assert scan["cost"]["nfe"] == 4 and scan["cost"]["items"] == 8 and scan["cost"]["backward"] == 0
    assert scan["metrics"]["x"]["psnr"] > scan["metrics"]["baseline"]["psnr"]
    folder = out / scan["id"]
    with h5py.File(folder / "reconstruction.h5") as f:
        assert f["reconstruction"].shape == (48, 40) and f["samples"].shape == (2, 48, 40) and f["std"].shape == (48, 40)
        assert f["reconstruction"].dtype == np.complex64
    assert (folder / "overview.png").stat().st_size > 10_000 and (out / "index.html").exists()
    assert str(out / "index.html") in done.stdout
    again = mridiff("recon", "dps-mri", scan_file, "-R", "3", "--samples", "2", "--seed", "0", "-o", out, *FROM_NOISE)
    assert again.returncode == 0 and "were kept" in again.stdout


@pytest.mark.unsalted  # the shell draws without salt
def test_python_gives_the_same_numbers_as_the_shell(mridiff, scan_file, tmp_path):
    assert mridiff("recon", "dps-mri", scan_file, "-R", "3", "-o", tmp_path / "out", "--set", "sampler.options.steps=3").returncode == 0
    scan = open_scans(scan_file, acceleration=3)[0]
    result = package.load("dps-mri", sampler={"options": {"steps": 3}})(scan)
    with h5py.File(tmp_path / "out" / scan.id / "reconstruction.h5") as f:
        np.testing.assert_allclose(result.x[0].numpy(), f["reconstruction"][()], rtol=1e-4, atol=1e-5)


def test_a_comparison_puts_methods_side_by_side(mridiff, scan_file, tmp_path):
    done = mridiff("compare", ",".join(BASELINES), scan_file, "-R", "3", "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    (methods,) = (table["values"] for table in json.loads(done.stdout)["scans"].values())
    assert set(methods) == set(BASELINES)
    assert methods["cg-sense"]["psnr"] > methods["zero-filled"]["psnr"]
    assert (tmp_path / "out" / "rows.png").exists() and (tmp_path / "out" / "index.html").exists()


def test_a_yaml_file_is_a_method(mridiff, scan_file, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text(f"recipe: cg-sense\nseed: 3\ndataset: {{use: arrays, options: {{path: {scan_file}, acceleration: 2}}}}\n")
    assert mridiff("validate", config).returncode == 0
    done = mridiff("recon", config, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "record.json").read_text())["seed"] == 3


@pytest.mark.parametrize("reading", [("list",), ("list", "methods"), ("show", "dps-mri"), ("matrix",), ("doctor",)])
def test_every_reading_command_speaks_json(mridiff, reading):
    done = mridiff(*reading, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_the_matrix_holds_combinations_that_nobody_published(mridiff):
    rows = json.loads(mridiff("matrix", "--json").stdout)
    pairs = {(r["sampler"].split("/")[1], (r["operator"] or "/none").split("/")[1]) for r in rows}
    assert {("dps-mri", "sense"), ("dps-mri", "fourier"), ("dps", "sense"), ("cg-sense", "sense")} <= pairs


@pytest.mark.slow
def test_measured_kspace_undersampled_four_times(mridiff, real_data, tmp_path):
    """dps-mri beats zero-filling and CG-SENSE in PSNR and SSIM on a measured 8-coil head that its prior never saw."""
    source = real_data / "multicoil_kspace" / "brain8_full.h5"
    config = tmp_path / "short.yaml"
    config.write_text("recipe: dps-mri\nsamples: 2\nsampler: {options: {steps: 20}}\n")
    done = mridiff("compare", f"zero-filled,cg-sense,{config}", source, "-R", "4", "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    (methods,) = (table["values"] for table in json.loads(done.stdout)["scans"].values())
    assert set(methods) == {"zero-filled", "cg-sense", "short"}
    for baseline in ("zero-filled", "cg-sense"):
        for metric in ("psnr", "ssim", "psnr_head", "ssim_head"):
            assert methods["short"][metric] > methods[baseline][metric], (baseline, metric)


@pytest.mark.slow
def test_a_prospectively_undersampled_scan_has_no_reference_and_is_reconstructed(mridiff, real_data, tmp_path):
    source = real_data / "multicoil_kspace" / "brain8_prospective_r8.h5"
    done = mridiff("recon", "dps-mri", source, "-o", tmp_path / "out", "--set", "sampler.options.steps=6")
    assert done.returncode == 0, done.stderr
    scan = json.loads((tmp_path / "out" / "record.json").read_text())["scans"][0]
    assert set(scan["metrics"]) == {"uncertainty"} and (tmp_path / "out" / scan["id"] / "overview.png").exists()
