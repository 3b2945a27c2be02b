"""Every combination runs: a small part of `mridiff matrix --run`, each with another adaptor or another kind of part."""

import json

import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application


@pytest.mark.parametrize("names", [
    "dpir kt-sense denoiser",  # a plane prior on the frames of a series
    "dpir sense converted-real",  # real images on both parts of complex ones
    "dps-mri sense-3d denoiser",
    "pet-mr-classical",
])  # fmt: skip
def test_they_run(names, tmp_path):
    done = CliRunner().invoke(application(), ["matrix", "--run", "--only", names, "--json", "-o", str(tmp_path)])
    rows = json.loads(done.stdout)
    assert rows and done.exit_code == 0, [r["message"] for r in rows if r["state"] == "failed"]
    assert all(r["state"] == "ran" for r in rows), [r["message"] for r in rows]
