"""An installed package with studies, made of the toy components: `install(folder)` writes it with its metadata."""

import sys

PLUGIN = """
from mridiff.plugins.hookspecs import hookimpl
from mridiff.spec import Family, RecipeSpec
from dataclasses import replace
import sdk_parts
OPERATOR, SAMPLER, PRIOR, DATASET = (replace(s, target=f"acme_study.parts:{s.target.partition(':')[2]}") for s in sdk_parts.SPECS)

@hookimpl
def mridiff_operators(): return [OPERATOR]

@hookimpl
def mridiff_priors(): return [PRIOR]

@hookimpl
def mridiff_samplers(): return [SAMPLER]

@hookimpl
def mridiff_datasets(): return [DATASET]

@hookimpl
def mridiff_recipes():
    return [RecipeSpec(name=name, summary="zeros", file="recipe.yaml", family=Family.CLASSICAL, application="a", domain="image",
                       studies="acme_study.studies:studies") for name in ("filled", "plain")]
"""
PARTS = "from sdk_parts import Filled, Keep, Scans\nfrom mridiff_sdk.testing.reference import Masked\n"
RECIPE = "dataset: {use: scans}\noperator: {use: masked}\npriors: {prior: {use: keep}}\nsampler: {use: filled}\n"
ROWS = '''
import os
from pathlib import Path

from mridiff.interfaces import Streams


def noisy(scan, seed):
    return scan.truth["x"].data + 0.1 * Streams.of(seed, scan.id).normal((4, 6))


def killed(scan, seed, times):
    """Dies so many times, on scan s1: a file counts; another has a line for each time it began."""
    with Path(os.environ["ACME_DEATHS"], "begun").open("a") as file:
        file.write(f"{times} {scan.id}\\n")
    count = Path(os.environ["ACME_DEATHS"], str(times))
    died = int(count.read_text()) if count.exists() else 0
    if scan.id == "s1" and died < times:
        count.write_text(str(died + 1))
        os._exit(9)
    return scan.truth["x"].data
'''
STUDIES = '''
import os
from functools import partial

from mridiff_sdk.study import Altered, Study, on_recipe

from .rows import killed, noisy


def halved(method):
    method.priors["prior"].register_forward_hook(lambda *a: a[2] / 2)


def error(result, scan):
    """Largest error."""
    return (result.x - scan.truth["x"].data).abs().max()


def process(result, scan):
    """Where it was made."""
    return os.getpid()


SCANS = {"few scans": {"use": "scans"}}


def studies():
    filled = {"recipe": "filled", "sampler": {"options": {"steps": 2}}}
    rows = {"filled": "filled", "twice": filled, "halved": Altered("filled", halved), "noisy": noisy}
    return {
        "toy": Study(title="Toys", rows=rows, scans=SCANS, metrics=("mae", "nfe"), extra={"error": error}, better={"error": -1},
                     against=("filled",), seeds=(0, 1)),
        "deadly": Study(title="Deaths", rows={"filled": "filled", "once": partial(killed, times=1), "twice": partial(killed, times=2)}, scans=SCANS, metrics=("mae",)),
        "filled-recipe": on_recipe("filled", "plain", operator="masked"),
        "apart": Study(title="Memory", rows={"filled": "filled"}, scans={"its own": "filled"}, metrics=("peak_memory_mb",),
                       extra={"process": process}),
    }
'''


def install(folder):
    package, metadata = folder / "acme_study", folder / "acme_study-1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    texts = {"__init__.py": "", "plugin.py": PLUGIN, "recipe.yaml": RECIPE, "studies.py": STUDIES, "parts.py": PARTS, "rows.py": ROWS}
    for name, text in texts.items():
        (package / name).write_text(text)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-study\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[mridiff]\nacme = acme_study.plugin\n")
    (folder / "pyproject.toml").write_text("")
    (folder / "README.md").write_text("# Acme\n\n<!-- study toy -->\n<!-- /study -->\n\nThe end.\n")
    return package


def forget():
    for name in [n for n in sys.modules if n.startswith("acme_study")]:
        del sys.modules[name]
