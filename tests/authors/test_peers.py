"""Somebody else's operator and network in a pipeline of ours."""

import pytest
import torch

import mridiff
from mridiff import Registry, open_scans
from mridiff.spec import OperatorSpec, PriorSpec, Trait, needs

SPECS = [
    OperatorSpec(name="theirs", summary="sigpy's", target="peer_parts:SigpySense", axes=("y", "x"), offers=frozenset({Trait.LINEAR}),
                 needs={"dataset": needs(Trait.MASK, Trait.MAPS)}),
    *(PriorSpec(name=name, summary="a network with the calls of diffusers", target=f"peer_parts:{target}", axes=("y", "x"),
                offers=frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}))
      for name, target in (("their-network", "TheirNetwork"), ("diffusers-unet", "DiffusersUNet"))),
]  # fmt: skip


@pytest.fixture
def reconstruct(scan_file):
    registry = Registry.of([*Registry.discover().all, *SPECS])
    scan = open_scans(scan_file, registry, acceleration=3)[0]

    def run(operator, prior, steps=12):
        run = {
            "operator": {"use": operator},
            "priors": {"prior": {"use": prior}},
            "sampler": {"use": "diffpir", "options": {"steps": steps, "start": "noise"}},
        }
        return mridiff.load(run, registry)(scan)

    return run


@pytest.mark.slow
def test_their_operator_and_their_network_do_as_well_as_ours(reconstruct):
    pytest.importorskip("sigpy")
    ours, theirs = reconstruct("sense", "denoiser"), reconstruct("theirs", "their-network")
    psnr = {name: result.metrics["x"]["psnr"] for name, result in (("ours", ours), ("theirs", theirs))}
    assert theirs.cost.nfe == 12 and theirs.cost.operator_calls > 12
    assert psnr["theirs"] > theirs.metrics["baseline"]["psnr"] + 5, psnr
    # The ladders differ (theirs has 1000 levels of its own), so the draws do; the quality does not.
    assert abs(psnr["theirs"] - psnr["ours"]) < 2, psnr


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_unet_of_diffusers_runs_in_a_pipeline(reconstruct):
    pytest.importorskip("diffusers")
    result = reconstruct("sense", "diffusers-unet", steps=3)
    assert result.cost.nfe == 3 and result.x.shape == (1, 48, 40)
    assert bool(torch.isfinite(torch.view_as_real(result.x)).all())  # no more than that: its weights are random
