"""The documentation site: complete, and built without a warning."""

import html
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from mridiff import Registry
from mridiff.interfaces import Dataset, Operator, Prior, Sampler
from mridiff.spec import KINDS, Trait

ROOT = Path(__file__).parents[2]


def generator(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference():
    return generator("reference").pages()


@pytest.mark.parametrize("interface", [Operator, Prior, Sampler, Dataset], ids=lambda i: i.__name__)
def test_every_method_to_be_written_is_in_the_reference(reference, interface):
    page = reference[f"reference/{interface.__name__.lower()}.md"]
    for method in interface.__abstractmethods__ - {"__len__", "__getitem__"}:
        assert f"**`{method}(" in page


def test_every_trait_and_every_hook_is_in_the_reference(reference):
    assert all(f"| `{trait}` |" in reference["reference/traits.md"] for trait in Trait)
    assert all(f"## mridiff_{kind}s\n" in reference["reference/hooks.md"] for kind in KINDS)
    assert "| has a nuisance: `at(phi)` gives a linear operator |" in reference["reference/traits.md"]


def test_every_sampler_has_its_algorithm_box():
    page = generator("algorithms").page()
    samplers = Registry.discover().entries("sampler")
    assert [page.count(f'<h3 id="{e.spec.name}">') for e in samplers] == [1] * len(samplers)
    assert page.count("yield") >= len(samplers) and "def trajectory" not in page
    (diffpir,) = (e.load() for e in samplers if e.spec.name == "diffpir")
    box = html.unescape(page[page.index('id="diffpir"') :].split("</section>")[0])
    loop = inspect.getsource(diffpir.along).rstrip().split("for i, ")[1].splitlines()
    assert all(line.strip() in box for line in loop) and len(loop) > 3
    kit = box.split("of the kit: ")[1].split("<")[0].split(", ")
    assert {"begin", "ddim", "proximal"} <= set(kit) and "Step" not in kit


def test_the_site_builds_with_warnings_as_errors(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(ROOT / "mkdocs.yml"), "-d", str(tmp_path / "site")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in (
        "index.html",
        "authors-guide.html",
        "reference/prior.html",
        "reference/traits.html",
        "reference/algorithms.html",
        "reference/results.html",
    ):
        assert (tmp_path / "site" / page).exists()
