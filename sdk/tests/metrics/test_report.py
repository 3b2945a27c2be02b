"""Metrics come from whoever measures what a quantity is, and no two may claim one number."""

import pytest
import torch

from mridiff.errors import PluginConflict, PluginError
from mridiff.interfaces import Field, Space
from mridiff.pipeline import services
from mridiff_sdk.metrics.report import score

PLANE = Space(("y", "x"), complex=False)
SOURCE = """
def brightness(estimate, reference, space, truth): return {"brightness": float(estimate.mean() / reference.mean())}
def psnr(estimate, reference, space, truth): return {"psnr": 99.0}
def silent(estimate, reference, space, truth): return {}
def broken(estimate, reference, space, truth): return {"ratio": 1 / 0}
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Installs a package with entry points: site("acme", "image", "brightness", target="brightness")."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(dist, word, name, target):
        module = dist.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(SOURCE)
        info = tmp_path / f"{module}-1.2.3.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2.3\n")
        with (info / "entry_points.txt").open("a") as points:
            points.write(f"[mridiff.metrics.{word}]\n{name} = {module}:{target}\n")
        services._survey.cache_clear()

    yield add
    services._survey.cache_clear()


def head(size=24):
    y, x = torch.meshgrid(*(torch.arange(float(size)) - size // 2,) * 2, indexing="ij")
    return (torch.hypot(y, x) < size / 3).float()[None] * (1 + 0.2 * torch.sin(x))


def test_a_package_adds_a_number_for_a_kind_of_quantity(site):
    x = head()
    without = score("x", 0.5 * x, x, PLANE, {})
    site("acme", "image", "brightness", "brightness")
    assert score("x", 0.5 * x, x, PLANE, {}) == without | {"brightness": pytest.approx(0.5)}
    assert "brightness" not in score("x", x, x, Space(("y", "x"), complex=False, kind="susceptibility"), {})
    assert services.providers()["metrics.image.brightness"] == "acme 1.2.3"
    assert services.providers()["metrics.image.quality"].startswith("mridiff-sdk")


def test_a_plane_of_a_scan_in_motion_is_scored_after_the_motion_that_nothing_tells():
    x = head() * torch.linspace(0.5, 1, 24)[:, None]
    shifted, told = x.roll(1, -1), {"motion": Field(torch.zeros(1, 4, 3), ("shot", "channel"))}
    found = score("x", shifted, x, PLANE, told)
    assert found["psnr_registered"] > found["psnr"] + 10 and found["ssim_registered"] > found["ssim"] + 0.02
    assert "psnr_registered" not in score("x", shifted, x, PLANE, {})


@pytest.mark.parametrize("word", ["t2", "ms", "relaxation"])
def test_a_quantity_is_found_by_its_name_its_unit_and_its_kind(site, word):
    space = Space(("voxel",), complex=False, unit="ms", kind="relaxation")
    x = torch.rand(1, 5) + 1
    assert set(score("t2", 0.5 * x, x, space, {})) == {"mae", "rmse"}
    site("acme", word, "brightness", "brightness")
    assert score("t2", 0.5 * x, x, space, {}) == {"brightness": pytest.approx(0.5)}
    assert set(score("t1", x, x, Space(("voxel",), complex=False, unit="s", kind="other"), {})) == {"mae", "rmse"}


def test_what_says_nothing_leaves_the_plain_errors(site):
    site("acme", "t2", "silent", "silent")
    assert score("t2", torch.ones(1, 3), torch.zeros(1, 3), Space(("voxel",), complex=False), {}) == {"mae": 1.0, "rmse": 1.0}


def test_a_number_that_is_taken_is_refused_and_both_are_named(site):
    site("acme", "image", "better", "psnr")
    with pytest.raises(PluginConflict, match=r"acme 1\.2\.3.*psnr of x is claimed by|psnr of x is claimed by .* of acme"):
        score("x", head(), head(), PLANE, {})


def test_a_name_of_the_house_cannot_be_taken(site):
    site("acme", "image", "quality", "psnr")
    assert score("x", head(), head(), PLANE, {})["psnr"] == float("inf")
    (failure,) = [e for e in services.survey().failures if e.distribution == "acme"]
    assert isinstance(failure, PluginConflict) and "mridiff_sdk.metrics.measures:quality is used" in str(failure)


def test_two_strangers_with_one_name_are_refused(site):
    site("acme-one", "t2", "brightness", "brightness")
    site("acme-two", "t2", "brightness", "psnr")
    with pytest.raises(PluginConflict, match=r"acme-one 1\.2\.3.*acme-two 1\.2\.3"):
        score("t2", torch.ones(1, 3), torch.ones(1, 3), Space(("voxel",), complex=False), {})


def test_one_that_fails_is_named(site):
    site("acme", "image", "ratio", "broken")
    with pytest.raises(PluginError, match=r"'ratio' \(acme 1\.2\.3\): measuring x failed: ZeroDivisionError"):
        score("x", head(), head(), PLANE, {})
