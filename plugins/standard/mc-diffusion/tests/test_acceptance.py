"""The shipped weights in a short run on subjects that they have not seen; the card has the full numbers."""

from functools import cache

import pytest
import torch

from mridiff import load
from mridiff.interfaces import Problem, Streams
from mridiff_mc_diffusion.dataset import PetMrPhantom
from mridiff_mc_diffusion.measure import (  # fmt: skip
    MR,
    PET,
    blocks,
    classical,
    counts_kept,
    reconstructed,
    scores,
    shuffled,
    template_pair,
    together,
    without_mr,
)
from mridiff_mc_diffusion.operator import PetMrOperator
from mridiff_mc_diffusion.prior import IndependentPrior, JointPrior
from mridiff_mc_diffusion.sampler import JointPC
from mridiff_sdk.metrics import contrast_recovery

PRIORS = {"joint": cache(JointPrior), "independent": cache(IndependentPrior)}
STEPS = 12


@cache
def scans():
    return together(PetMrPhantom(first=500_000, subjects=4))


@cache
def made(which, kind=""):
    measured, _, _ = scans()
    given = {"": lambda m: m, "no mr": without_mr, "shuffled": shuffled}[kind](measured)
    with torch.no_grad():
        return reconstructed(JointPC(PRIORS[which](), steps=STEPS), given, 1)


def found(which, kind=""):
    _, truth, lesion = scans()
    return scores(made(which, kind), truth, lesion)


def test_mr_improves_pet_and_the_gain_goes_with_the_mr_data():
    gain = found("joint")["PSNR PET"] - found("independent")["PSNR PET"]
    without = found("joint", "no mr")["PSNR PET"] - found("independent", "no mr")["PSNR PET"]
    assert gain > 0.2 and without < 0


def test_both_modalities_are_better_than_a_first_look():
    measured, truth, lesion = scans()
    with torch.no_grad():
        rough = scores(reconstructed(classical(pet="fbp", mr="zero-filled"), measured, 1), truth, lesion)
    joint = found("joint")
    for m in ("PET", "MR"):
        assert joint[f"PSNR {m}"] > rough[f"PSNR {m}"] + 2 and joint[f"NMSE {m}"] < rough[f"NMSE {m}"]


def test_spots_of_pet_alone_survive_the_mr_of_somebody_else():
    """Their contrast differs much from subject to subject, so it is compared in the same ones."""
    joint, shuffled, independent = (found(*made)["lesion"] for made in (("joint",), ("joint", "shuffled"), ("independent",)))
    assert shuffled > 0.7 * joint and joint > 0.7 * independent > 0.2


def test_activity_is_positive_and_the_counts_are_kept():
    measured, _, _ = together(PetMrPhantom(first=500_000, subjects=2, counts=5e4))
    with torch.no_grad():
        x = reconstructed(JointPC(PRIORS["joint"](), steps=STEPS), measured, 1)
    assert float(x[:, PET].min()) >= 0 and counts_kept(x, measured) < 0.03
    assert float(made("joint")[:, PET].min()) >= 0 and counts_kept(made("joint"), scans()[0]) < 0.06  # 1e4 counts: 1 % by chance alone


def test_full_noise_free_k_space_gives_its_image():
    measured, truth, _ = together(PetMrPhantom(first=500_000, acceleration=1.0, noise_std=0.0))
    with torch.no_grad():
        x = reconstructed(JointPC(PRIORS["joint"](), steps=10), measured, 1)
    assert float((x - truth)[:, MR].norm() / truth[:, MR].norm()) < 1e-2


def test_the_recipe_is_what_was_measured():
    method = load("mc-diffusion", samples=1, sampler={"options": {"steps": 3}})
    scan = PetMrPhantom(first=500_000)[0]
    result = method(scan)
    problem = Problem.of(PetMrOperator.for_scan(scan.measured), scan.measured)
    with torch.no_grad():
        x = JointPC(PRIORS["joint"](), steps=3)(problem, Streams.of(0, scan.id, [0]))
    torch.testing.assert_close(result.x, x)
    lesion, truth = scan.truth["lesion"].data, scan.truth["x"].data
    recovered = contrast_recovery(x[:, PET], truth[:, PET], lesion[:, PET])
    assert result.metrics["x"]["contrast_lesion_0"] == pytest.approx(float(recovered), rel=1e-4)
    assert result.scale == 1.0 and result.cost.nfe == 5 and "psnr_1" in result.metrics["baseline"]


def test_data_of_the_ablations_are_what_they_say():
    measured, _, _ = scans()
    counts, k = blocks(measured)
    (mask,) = measured.require("mask")
    for given in (without_mr(measured), shuffled(measured)):
        assert torch.equal(blocks(given)[PET], counts) and not torch.equal(blocks(given)[MR], k)
        assert not bool(blocks(given)[MR][given.require("mask")[0] == 0].any())
    noise = without_mr(measured)
    level = (blocks(noise)[MR].abs().square().sum() / mask.sum()).sqrt()
    assert float(level) == pytest.approx(float((k.abs().square().sum() / mask.sum()).sqrt()), rel=0.05)
    assert float(noise.noise.parts[MR].std) == pytest.approx(float(level), rel=0.05)


def test_templates_are_brought_to_the_units_of_the_phantoms(real_data):
    x = template_pair(real_data)
    assert x.shape == (1, 2, 64, 64) and float(x[:, PET].mean()) == pytest.approx(0.19) and float(x[:, MR].max()) == pytest.approx(0.9)
    assert float(torch.corrcoef(torch.stack(((x[0, 0] > 0.1).float().flatten(), (x[0, 1] > 0.1).float().flatten())))[0, 1]) > 0.5
