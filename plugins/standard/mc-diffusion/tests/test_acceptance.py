"""The shipped weights in a short run on subjects that they have not seen; the card has the full numbers."""

from functools import cache

import pytest
import torch

from mridiff import load
from mridiff.interfaces import Problem, Streams
from mridiff_datasets.pet_mr import PetMrPhantom
from mridiff_mc_diffusion.counts import counts_off
from mridiff_mc_diffusion.exchange import with_other_mr, without_mr
from mridiff_mc_diffusion.operator import PetMrOperator
from mridiff_mc_diffusion.prior import JointPrior
from mridiff_mc_diffusion.sampler import MCDiffusion
from mridiff_sdk.metrics import contrast_recovery

PET, MR = 0, 1
JOINT, INDEPENDENT = "mc-diffusion", "mc-diffusion-independent"
CHANGES = {"": lambda scan: scan, "no mr": without_mr, "other mr": with_other_mr}


@cache
def method(name, steps=12):
    return load(name, samples=1, sampler={"options": {"steps": steps}})


@cache
def scans():
    return list(PetMrPhantom(first=500_000, subjects=4))


@cache
def made(name, kind=""):
    return [method(name)(CHANGES[kind](scan)) for scan in scans()]


def mean(metric, results):
    return sum(r.metrics["x"][metric] for r in results) / len(results)


def test_mr_improves_pet_and_the_gain_goes_with_the_mr_data():
    gain, without = (mean("psnr_0", made(JOINT, k)) - mean("psnr_0", made(INDEPENDENT, k)) for k in ("", "no mr"))
    assert gain > 0.2 and without < 0


def test_both_modalities_are_better_than_a_first_look():
    rough = load("pet-mr-classical", sampler={"options": {"pet": "fbp", "mr": "zero-filled"}})
    rough, joint = [rough(scan) for scan in scans()], made(JOINT)
    for i in (PET, MR):
        assert mean(f"psnr_{i}", joint) > mean(f"psnr_{i}", rough) + 2 and mean(f"nmse_{i}", joint) < mean(f"nmse_{i}", rough)


def test_spots_of_pet_alone_survive_the_mr_of_somebody_else():
    """Their contrast differs much from subject to subject, so it is compared in the same ones."""
    joint, other, independent = (mean("contrast_lesion_0", r) for r in (made(JOINT), made(JOINT, "other mr"), made(INDEPENDENT)))
    assert other > 0.7 * joint and joint > 0.7 * independent > 0.2


def test_activity_is_positive_and_the_counts_are_kept():
    many = list(PetMrPhantom(first=500_000, subjects=2, counts=5e4))
    for scan, result, percent in [
        *((s, method(JOINT)(s), 3) for s in many),
        *((s, r, 6) for s, r in zip(scans(), made(JOINT), strict=True)),
    ]:
        assert float(result.x[:, PET].min()) >= 0 and counts_off(result, scan) < percent  # of 1e4 counts chance alone is 1 %


def test_counts_that_are_twice_too_high_are_seen():
    scan, result = PetMrPhantom(first=500_000, counts=1e7)[0], made(JOINT)[0]
    x = scan.truth["x"].data
    found = [counts_off(type(result)(scan.id, a * x, a * x, result.axes, 1.0), scan) for a in (1, 2)]
    assert found == pytest.approx([0, 100], abs=0.5)


def test_full_noise_free_k_space_gives_its_image():
    scan = PetMrPhantom(first=500_000, acceleration=1.0, noise_std=0.0)[0]
    x, truth = method(JOINT, 10)(scan).x[:, MR], scan.truth["x"].data[:, MR]
    assert float((x - truth).norm() / truth.norm()) < 1e-2


def test_the_recipe_is_what_was_measured():
    scan = PetMrPhantom(first=500_000)[0]
    result = method(JOINT, 3)(scan)
    problem = Problem.of(PetMrOperator.for_scan(scan.measured), scan.measured)
    with torch.no_grad():
        x = MCDiffusion(JointPrior(), steps=3)(problem, Streams.of(0, scan.id, [0]))
    torch.testing.assert_close(result.x, x)
    lesion, truth = scan.truth["lesion"].data, scan.truth["x"].data
    recovered = contrast_recovery(x[:, PET], truth[:, PET], lesion[:, PET])
    assert result.metrics["x"]["contrast_lesion_0"] == pytest.approx(float(recovered), rel=1e-4)
    assert result.scale == 1.0 and result.cost.nfe == 5 and "psnr_1" in result.metrics["baseline"]


def test_data_of_the_ablations_are_what_they_say():
    scan, after = list(PetMrPhantom(first=500_000, subjects=2))
    (counts, k), (mask,) = scan.measured.y, scan.measured.require("mask")
    for given in (without_mr(scan), with_other_mr(scan)):
        assert torch.equal(given.measured.y[PET], counts) and not torch.equal(given.measured.y[MR], k)
        assert not bool(given.measured.y[MR][given.measured.require("mask")[0] == 0].any()) and given.truth is scan.truth
    assert torch.equal(with_other_mr(scan).measured.y[MR], after.measured.y[MR])
    noise, level = without_mr(scan).measured, float((k.abs().square().sum() / mask.sum()).sqrt())
    assert float((noise.y[MR].abs().square().sum() / mask.sum()).sqrt()) == pytest.approx(level, rel=0.05)
    assert float(noise.noise.parts[MR].std) == pytest.approx(level, rel=0.05)
