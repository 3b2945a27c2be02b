"""Each package alone: built as a wheel, installed beside core, sdk and foundation in a fresh environment, its tests run there.

    python tests/isolation.py                              every package
    python tests/isolation.py changed                      those that differ from the commit before
    python tests/isolation.py plugins/standard/dps-mri     these

The fresh environment sees the third-party distributions of this one, by links, but only those that the wheels declare (and pytest): an
undeclared dependency, package data that was left out and an import of another method all fail.
"""

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
GROUND = (ROOT / "core", ROOT / "sdk", *sorted((ROOT / "plugins" / "foundation").iterdir()))
TOOLS = ("pytest", "hypothesis")
"""What runs the tests; everything else must be declared."""


def packages() -> list[Path]:
    """Every package of the repository, ground floor first."""
    return [*GROUND, *sorted(p.parent for p in ROOT.glob("plugins/*/*/pyproject.toml") if p.parent not in GROUND)]


def changed(since: str = "HEAD~1") -> list[Path]:
    """The packages with files that differ from a commit, or that git does not know yet."""
    commands = (["git", "diff", "--name-only", since], ["git", "ls-files", "--others", "--exclude-standard"])
    names = [n for c in commands for n in subprocess.run(c, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()]
    return [p for p in packages() if any((ROOT / name).is_relative_to(p) for name in names)]


def build(sources: Iterable[Path], folder: Path) -> list[Path]:
    """Their wheels, made by the backend that is installed here."""
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), *map(str, sources)], check=True)
    return sorted(folder.glob("*.whl"))


def fresh(folder: Path, wheels: Iterable[Path], extra: Iterable[str] = TOOLS, tested: str = "") -> Path:
    """A new environment with these wheels and links to what they declare, one of them for its tests too; its python."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", *options, *map(str, wheels)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    shared = folder / "shared"
    shared.mkdir()
    own = [Distribution.at(info) for info in site.glob("*.dist-info")]
    for found in closure(own, extra, tested):
        link(found, shared)
    (site / "shared.pth").write_text(f"{shared}\n")
    return python


def closure(own: list[Distribution], extra: Iterable[str], tested: str = "") -> Iterator[Distribution]:
    """The distributions of this environment that `own`, the tests of the one called `tested`, and `extra` need, one way or another."""
    mine = {_normal(d.metadata["Name"]): d for d in own}
    names = set(mine)
    needed = [r for name, d in mine.items() for r in _requirements(d, {"test", "testing"} if name == _normal(tested) else set())]
    waiting = [*needed, *map(Requirement, extra)]
    while waiting:
        wanted = waiting.pop()
        if _normal(wanted.name) in names:
            if wanted.extras and (of := mine.get(_normal(wanted.name))):
                waiting += [r for r in _requirements(of, wanted.extras) if r not in _requirements(of, set())]
            continue
        names.add(_normal(wanted.name))
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            raise SystemExit(f"{wanted} is declared, and not installed in the environment that is shared") from None
        if not wanted.specifier.contains(found.version, prereleases=True):
            raise SystemExit(f"{wanted} is declared; the environment that is shared has {found.version}")
        waiting += _requirements(found, wanted.extras)
        yield found


def _requirements(found: Distribution, extras: set[str]) -> list[Requirement]:
    wanted = [Requirement(text) for text in found.requires or ()]
    return [r for r in wanted if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in ("", *extras))]


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def link(found: Distribution, folder: Path) -> None:
    """Links to what a distribution put side by side into its site-packages."""
    for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(found.locate_file(top))))


def environment(folder: Path) -> dict[str, str]:
    """The variables for a process of a fresh environment whose programs lie in `folder`: nothing leads back here."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MRIDIFF_", "COV_", "PYTEST_"))}
    kept |= {k: v for k, v in os.environ.items() if k == "MRIDIFF_DATA"}
    return {**kept, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}


def run_tests(python: Path, package: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The tests of a package in its environment, from a folder that holds nothing of it."""
    command = [str(python), "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(package), str(package / "tests")]
    return subprocess.run(command, cwd=folder, env=environment(python.parent), capture_output=True, text=True, check=False)


def main(names: list[str]) -> int:
    """One line per package; the output of those that fail; the number of these."""
    chosen = changed() if names == ["changed"] else [(ROOT / n).resolve() for n in names] or packages()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        wheels = {w.name.split("-")[0]: w for w in build({*GROUND, *chosen}, Path(temporary, "wheels"))}
        ground = [w for p in GROUND for n, w in wheels.items() if n == _wheel_name(p)]
        for package in chosen:
            began = time.perf_counter()
            folder = Path(temporary, package.name)
            name = _wheel_name(package)
            python = fresh(folder, {*ground, wheels[name]}, tested=name)
            done = run_tests(python, package, folder)
            failed += done.returncode != 0
            state = "passed" if done.returncode == 0 else "FAILED"
            print(f"{state}  {package.relative_to(ROOT)}  {time.perf_counter() - began:.0f} s", flush=True)
            if done.returncode:
                print(done.stdout[-6000:], done.stderr[-2000:], flush=True)
    return failed


def _wheel_name(package: Path) -> str:
    return next(p.name for p in (package / "src").iterdir() if (p / "__init__.py").exists())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
