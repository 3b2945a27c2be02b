"""With the shipped weights, on scenes that nothing was trained on; the card has the full numbers."""

from functools import cache, partial

import pytest
import torch

from mridiff import load
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_neuraldiffuser.known import known
from mridiff_neuraldiffuser.pixels import to_pixels
from mridiff_sdk.metrics import two_way

COUNT = 16
CHANGES = {"": lambda scan: scan, "true": partial(known, what="feature"), "other": partial(known, what="feature", ahead=1),
           "shuffled": partial(known, what="voxels", ahead=7), "all": known}  # fmt: skip


@cache
def scans():
    return list(SimFMRI(stimuli=COUNT))


@cache
def made(change="", kappa=20.0):
    method = load("neuraldiffuser", samples=1, sampler={"options": {"steps": 15, "kappa": kappa}})
    return [method(CHANGES[change](scan)) for scan in scans()]


def pixcorr(*options):
    return sum(r.metrics["x"]["pixcorr"] for r in made(*options)) / COUNT


def told(prior, *options):
    """Two-way identification among the scans by the embedding of the vision tower."""
    with torch.no_grad():
        seen, found = (prior.stack.look(x)[1] for x in (pictures(), torch.cat([r.x for r in made(*options)])))
    return two_way(found, seen)


def pictures():
    return torch.cat([scan.truth["x"].data for scan in scans()])


def test_guidance_leads_nearer_to_its_target(prior):
    distances = [[float(prior.distance(r.x, prior.decoders(s.measured.conditions["voxels"].data)).detach())
                  for s, r in zip(scans(), made("", kappa), strict=True)] for kappa in (20.0, 0.0)]  # fmt: skip
    assert sum(distances[0]) < sum(distances[1])


def test_true_features_help_and_those_of_another_picture_do_not_as_much():
    gain = {
        name: pixcorr("true") - pixcorr(*options) for name, options in {"unguided": ("", 0.0), "other": ("other",), "guided": ()}.items()
    }
    assert gain["unguided"] > 0.04 and gain["other"] > 0.04 and gain["guided"] > 0.02


def test_pictures_are_nearer_to_what_was_seen_than_the_mean_picture_and_are_recognised(prior):
    x = pictures()
    mean = torch.corrcoef(torch.cat((x.mean(0, keepdim=True), x)).flatten(1))[0, 1:].mean()
    assert pixcorr() > float(mean) + 0.05 and float(told(prior).mean()) > 0.7


def test_responses_of_other_scenes_leave_nothing_but_chance(prior):
    found = told(prior, "shuffled")
    assert abs(float(found.mean()) - 0.5) < 3 * float(found.std()) / COUNT**0.5


def test_what_is_known_is_put_into_the_scan(prior):
    scan, after = scans()[0], scans()[1]
    with torch.no_grad():
        latent = prior.codec.encode(scan.truth["x"].data)
        torch.testing.assert_close(known(scan).measured.conditions["latent"].data, latent, rtol=1e-4, atol=1e-4)
    other = known(scan, what="voxels", ahead=1).measured.conditions
    assert set(other) == {"voxels"} and torch.equal(other["voxels"].data, after.measured.conditions["voxels"].data)
    features = known(scan, what="feature").measured.conditions
    assert set(features) == {"voxels", *(f"feature-{n}" for n in (1, 2, 3, 4))} and features["voxels"] is scan.measured.conditions["voxels"]
    assert not known(scan, what="latent", scale=0.0).measured.conditions["latent"].data.any()


def test_ridge_regression_straight_to_pixels_sees_something():
    method = load("neuraldiffuser", samples=1)
    to_pixels(method, stimuli=100)
    results = [method(scan) for scan in scans()[:4]]
    assert all(r.metrics["x"]["pixcorr"] > 0.1 and r.cost.nfe == 0 for r in results) and float(results[0].x.min()) >= 0
    assert results[0].metrics["x"]["pixcorr"] == pytest.approx(
        float(torch.corrcoef(torch.cat((results[0].x, pictures()[:1])).flatten(1))[0, 1]), abs=1e-5
    )
