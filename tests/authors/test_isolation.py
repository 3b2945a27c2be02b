"""A package alone in a fresh environment: a method of this repository, and a plugin of somebody else."""

import json
import subprocess

import isolation
import pytest

ROOT = isolation.ROOT
METHOD = ROOT / "plugins" / "standard" / "dps-mri"
GUEST = ROOT / "examples" / "third-party"


def run(python, *command, cwd):
    """A program of the environment, by name; the finished process."""
    return subprocess.run([str(python.parent / command[0]), *command[1:]], cwd=cwd, env=isolation.environment(python.parent),
                          capture_output=True, text=True, check=False)  # fmt: skip


@pytest.mark.slow
def test_a_method_passes_its_tests_beside_the_ground_floors_alone(ground, tmp_path):
    wheel = isolation.build([METHOD], tmp_path / "wheel")
    python = isolation.fresh(tmp_path / "env", [*ground, *wheel], tested="mridiff_dps_mri")
    done = isolation.run_tests(python, METHOD, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    for hidden in ("sigpy", "diffusers", "mridiff_acme"):
        found = run(python, "python", "-c", f"import {hidden}", cwd=tmp_path)
        assert f"No module named '{hidden}'" in found.stderr, f"{hidden} is not declared, and can be imported"
    place = run(python, "python", "-c", "import mridiff_dps_mri; print(mridiff_dps_mri.__file__)", cwd=tmp_path).stdout
    assert place.startswith(str(tmp_path)), "the tests ran on the sources, not on the wheel"


@pytest.mark.slow
def test_a_plugin_of_somebody_else_is_installed_found_run_and_checked(ground, tmp_path):
    wheel = isolation.build([GUEST], tmp_path / "wheel")
    python = isolation.fresh(tmp_path / "env", [*ground, *wheel])
    listed = json.loads(run(python, "mridiff", "list", "--json", cwd=tmp_path).stdout)
    assert {(c["kind"], c["qualified"]) for c in listed if c["distribution"] == "acme-recon"} == {
        ("operator", "acme/sigpy-sense"), ("sampler", "acme/landweber"), ("recipe", "acme/landweber")}  # fmt: skip
    done = run(python, "mridiff", "recon", "landweber", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "brain" / "record.json").read_text())
    assert record["metrics"]["x"]["psnr"] > record["metrics"]["baseline"]["psnr"] + 1
    checked = run(python, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(GUEST / "check_laws.py"), cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout[-3000:]


def test_a_dependency_that_the_shared_environment_lacks_is_named():
    class Lacking:
        requires = ("no-such-distribution>=1",)
        metadata = {"Name": "x"}  # noqa: RUF012 - a stand-in

    with pytest.raises(SystemExit, match="no-such-distribution>=1 is declared, and not installed"):
        list(isolation.closure([Lacking()], ()))


def test_a_dependency_of_another_version_is_named():
    class Old:
        requires = ("pytest>=1000",)
        metadata = {"Name": "x"}  # noqa: RUF012 - a stand-in

    with pytest.raises(SystemExit, match="pytest>=1000 is declared; the environment that is shared has"):
        list(isolation.closure([Old()], ()))


def test_the_lane_knows_every_package():
    names = {str(p.relative_to(ROOT)) for p in isolation.packages()}
    assert {"core", "sdk", "plugins/foundation/operators", "plugins/standard/dps-mri"} <= names
