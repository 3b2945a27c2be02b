import math
from dataclasses import replace
from functools import partial

import pytest
import torch
from sdk_parts import registry

from mridiff import Reconstruction
from mridiff.errors import ConfigError, NotFound, PluginConflict
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff.plugins.registry import Registry
from mridiff_sdk.metrics import outer_nmse, psnr
from mridiff_sdk.study import Study, of_x
from mridiff_sdk.study.finding import find, studies
from mridiff_sdk.study.study import identity, node_of

GOOD = Study(title="A", rows={"a": {"sampler": {"use": "filled"}, "operator": {"use": "masked"}, "priors": {"prior": {"use": "keep"}}}},
             scans={"few": {"use": "scans"}})  # fmt: skip


def test_a_good_declaration_passes():
    GOOD.check("good", registry())


def test_all_that_is_wrong_is_said_at_once():
    node = {**GOOD.rows["a"], "sampler": {"use": "filled", "options": {"steps": 0, "stepps": 1}}}
    bad = replace(GOOD, rows={"a": node, "b": "nobody", "c": 7, "c!": {}}, scans={"s": {"use": "scams"}, "t": 3}, against=("d",), seeds=(0, 0),
                  extra={"e": 1}, better={"psnr": 1, "e": 2}, metrics=())  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        bad.check("Bad Name", registry())
    said = "\n".join(map(str, caught.value.mistakes))
    for words in ("Bad Name: a study's name", "rows.a.sampler.options.steps", "stepps", "rows.b: no recipe", "rows.c: a method, an Altered",
                  "rows.c!", "scans.s: no dataset", "scans.t: a method, a dataset node", "against.d: no such row", "seeds: whole numbers",
                  "extra.e: a function", "better.psnr", "better.e"):  # fmt: skip
        assert words in said, said


def test_fields_of_a_wrong_type_are_said():
    with pytest.raises(ConfigError, match=r"(?s)rows: a mapping.*seeds: a tuple"):
        replace(GOOD, rows=["a"], seeds=3).check("bad", registry())


def one(scan, seed, size=1):
    return size


def test_a_function_is_known_by_its_arguments_too():
    names = [identity(f) for f in (one, partial(one, size=2), partial(one, size=3), partial(one, size=one), partial(one, size=identity))]
    assert len({repr(n) for n in names}) == 5 and identity(partial(one, size=one)) == names[3]
    assert not any(" at 0x" in repr(n) for n in names)


def test_studies_of_a_package_are_found(package):
    found, faults = studies(Registry.discover())
    assert list(found) == ["apart", "deadly", "filled-recipe", "toy"] and not faults
    assert find("toy", Registry.discover()).folder == package.parent
    with pytest.raises(NotFound) as caught:
        find("tou", Registry.discover())
    assert "'toy'" in caught.value.hint


@pytest.mark.parametrize(("old", "new", "words"), [
    ("from .rows", "from .nothing", "acme_study.nothing"), ('"toy": Study(', '"toy": dict(', "not a Study"),
    ("def studies", "def other", "has no 'studies'"), ("    return {", "    return 3 or {", "declaring studies"),
])  # fmt: skip
def test_a_package_whose_studies_fail_is_named(package, old, new, words):
    import acme_package

    file = package / "studies.py"
    file.write_text(file.read_text().replace(old, new, 1))
    acme_package.forget()
    found, faults = studies(Registry.discover())
    assert "toy" not in found and len(faults) == 1 and words in faults[0].message and faults[0].distribution == "acme-study"
    with pytest.raises(NotFound, match=words.replace(".", r"\.")):
        find("toy", Registry.discover())


def test_a_study_called_as_its_component_imports_no_other_package(package):
    whole = Registry.discover()
    recipe = whole.find("recipe", "filled")
    broken = replace(recipe, spec=replace(recipe.spec, name="other", studies="acme_study.nothing:studies"))
    both = Registry((*whole.all, broken))
    assert find("filled-recipe", both).entry.spec.name == "filled" and "acme_study.nothing" in studies(both)[1][0].message


def test_a_name_that_two_declare_is_refused_when_it_is_used(package):
    whole = Registry.discover()
    recipe = whole.find("recipe", "filled")
    (package / "more.py").write_text("from .studies import studies\n")
    twin = replace(recipe, spec=replace(recipe.spec, name="twin", studies="acme_study.more:studies"))
    both = Registry((*whole.all, twin))
    assert len(studies(both)[1]) == 4
    with pytest.raises(PluginConflict, match="'toy' is declared by"):
        find("toy", both)


def test_a_method_beside_others_on_the_scans_of_its_recipe(package):
    registry = Registry.discover()
    study = find("filled-recipe", registry).study
    study.check("filled-recipe", registry)
    assert study.rows == {"plain": {"recipe": "plain", "operator": {"use": "masked"}}, "filled": "filled"}
    assert node_of(study.scans["scans of the recipe"], registry).use == "scans"
    study = replace(study, scans={"none": "nobody"})
    with pytest.raises(ConfigError, match=r"scans\.none: no recipe is called 'nobody'"):
        study.check("filled-recipe", registry)


def test_a_metric_of_x_and_its_truth_is_an_extra_with_its_own_meaning():
    x = torch.randn(1, 8, 8, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    result, measured = Reconstruction("s", 2 * x, 2 * x, ("y", "x"), 1.0), Measured(None, Gaussian(None))
    half, quarter = of_x(outer_nmse), of_x(outer_nmse, share=0.25)
    assert half(result, Scan("s", measured, {"x": Field(x, ("y", "x"))})) == pytest.approx(1)
    assert math.isnan(half(result, Scan("s", measured)))
    assert half.__doc__ == outer_nmse.__doc__ and identity(half) != identity(quarter) != identity(of_x(psnr))
