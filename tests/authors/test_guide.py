"""The author's guide, tried as a new user would: every command in it, in an empty folder and a fresh environment, in its order."""

import json
import re
import resource
import subprocess
import textwrap
import time

import isolation
import pytest

GUIDE = (isolation.ROOT / "docs" / "authors-guide.md").read_text()


def blocks(language):
    """The fenced blocks of a language in the guide."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def computing():
    """Seconds of processor time of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture(scope="module")
def tried(ground, tmp_path_factory):
    """The folder after all commands of the guide, and (command, wall seconds, seconds of computing) of each."""
    folder = tmp_path_factory.mktemp("guide")
    python = isolation.fresh(folder / "env", ground, ("pytest", "pip", "hatchling", "editables"))
    empty = folder / "empty"
    empty.mkdir()
    # Nothing is downloaded: the environment has all that is declared, the build backend included.
    offline = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    times = []
    for command in "".join(blocks("sh")).splitlines():
        began, spent = time.perf_counter(), computing()
        done = subprocess.run(command, shell=True, cwd=empty, env={**isolation.environment(python.parent), **offline},
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        times.append((command, time.perf_counter() - began, computing() - spent))
    return empty, times


@pytest.mark.slow
def test_three_commands_lead_to_an_image_in_under_a_minute_of_computing(tried, record_property):
    folder, times = tried
    first = times[:3]
    assert [c.split()[0] for c, _, _ in first] == ["mridiff", "python", "mridiff"]
    for command, wall, spent in times:
        record_property(command, f"{wall:.1f} s, {spent:.1f} s of computing")
        print(f"{wall:6.1f} s  {spent:6.1f} s of computing  {command}")
    assert sum(spent for _, _, spent in first) < 60
    record = json.loads((folder / "out" / "brain" / "record.json").read_text())
    assert record["metrics"]["x"]["psnr"] > record["metrics"]["baseline"]["psnr"] + 3
    assert (folder / "out" / "index.html").exists() and (folder / "out" / "brain" / "overview.png").exists()


@pytest.mark.slow
def test_the_wheel_holds_all_that_a_user_needs(tried):
    from zipfile import ZipFile

    wheel = next((tried[0] / "dist").glob("*.whl"))
    names = set(ZipFile(wheel).namelist())
    assert {f"mridiff_my_method/{f}" for f in ("plugin.py", "sampler.py", "recipe.yaml", "py.typed")} <= names


def test_the_loop_that_the_guide_shows_is_the_one_that_is_written():
    from mridiff_sdk.scaffold import Package

    sampler = Package("my-method", ("sampler",)).files()["src/mridiff_my_method/sampler.py"]
    loop = blocks("python")[0]
    assert textwrap.indent(loop, " " * 8) in sampler
