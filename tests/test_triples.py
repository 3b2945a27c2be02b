"""Every combination runs: a small part of `mridiff matrix --run`, each with another adaptor or another kind of part."""

import json

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.plugins.registry import Registry
from mridiff_sdk.testing.triples import Runs, Triple


@pytest.mark.parametrize("names", [
    "dpir kt-sense denoiser",  # a plane prior on the frames of a series
    "dpir sense converted-real",  # real images on both parts of complex ones
    "dpir sense-3d denoiser",  # on the slices of a thin volume
    "dpir dipole qsm-patches",  # cubes that fit into a tiny volume
    "dps-mri dipole qsm-patches",  # a field of tissue, well above its noise
    "pet-mr-classical",
])  # fmt: skip
def test_they_run(names, tmp_path):
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", names, "--json", "-o", str(tmp_path)])
    rows = json.loads(done.stdout)
    assert rows and done.exit_code == 0, [r["message"] for r in rows if r["state"] == "failed"]
    assert all(r["state"] == "ran" for r in rows), [r["message"] for r in rows]
    assert all(r["misfit"] < 0.9 for r in rows), "the scan is no more than noise, or the result no more than nothing"


def test_a_method_of_no_operator_runs_on_a_dataset_that_wants_no_file(tmp_path):
    """Of those that fit: the first reads responses from files."""
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", "neuraldiffuser", "--json", "-o", str(tmp_path)])
    assert [(r["state"], r["message"]) for r in json.loads(done.stdout)] == [("ran", "")]


def test_parts_are_built_once_and_the_start_is_sought_once(tmp_path):
    """However many samplers ask for them."""
    found = Registry.discover()
    runs = Runs(found, tmp_path)
    a, b = (Triple(found.find("sampler", name), found.find("operator", "sense"), {"prior": found.find("prior", "denoiser")})
            for name in ("samplers/diffpir", "samplers/dds"))  # fmt: skip
    assert "level" not in runs.counts(a, 3)
    assert runs(a).state == runs(b).state == "ran"
    assert runs.counts(b, 3)["level"] == 1 and runs.prior.cache_info().misses == runs.scan.cache_info().misses == 1


def test_the_brain_prior_serves_a_cine_from_the_shell(tmp_path):
    """Frames of several coils, by a prior of complex head slices, with its adaptor chosen by axis name."""
    sets = [
        "dataset.use=coil-cine",
        "dataset.options.size=32",
        "dataset.options.frames=4",
        "operator.use=kt-sense",
        "sampler.options.steps=3",
    ]
    done = CliRunner().invoke(application(), ["recon", "dpir", *(a for s in sets for a in ("--set", s)), "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "cine-0" / "record.json").read_text())
    assert record["metrics"]["x"]["psnr"] > record["metrics"]["baseline"]["psnr"] and record["cost"]["nfe"] > 0
