"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, Family, OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

STUDY = Citation("Joint diffusion: mutual consistency-driven diffusion model for PET-MRI co-reconstruction", 2024,
                 "10.1088/1361-6560/ad6117")  # fmt: skip
OSEM = Citation("Accelerated image reconstruction using ordered subsets of projection data", 1994, "10.1109/42.363108")
WEIGHTS = {
    "joint": Weights("weights/joint.safetensors", "e425a6b0cb589f86572e4e82530479627458cc37ad0f3988079f1df25abe7979", "Apache-2.0"),
    "independent": Weights("weights/independent.safetensors",
                           "e7846d36a1911b8ae0aa018b9a4239a0c594c384c7c7767af002ff10fe3ee086", "Apache-2.0"),
}  # fmt: skip
"""The weights that come with this package, by the names under which the priors take them."""
PAIR = ("modality", "y", "x")
KNOWS = frozenset({Trait.DENOISER, Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC})
BLOCKS = {"operator": needs(Trait.LINEAR, Trait.BLOCK)}


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """PET projections beside MR k-space."""
    return [
        OperatorSpec(name="pet-mr", summary="counts of PET projections and single-coil k-space of a real pair of images",
                     target="mridiff_mc_diffusion.operator:PetMrOperator", axes=PAIR, complex=False,
                     offers=frozenset({Trait.LINEAR, Trait.BLOCK}), needs={"dataset": needs(Trait.MASK, Trait.BLOCK_NOISE)}, source=STUDY)
    ]  # fmt: skip


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The pair together, and each modality by itself."""
    return [
        PriorSpec(name="pet-mr-joint", summary="denoiser of PET and MR together, simulated pairs",
                  target="mridiff_mc_diffusion.prior:JointPrior", axes=PAIR, complex=False, offers=KNOWS, source=STUDY,
                  weights=(WEIGHTS["joint"],), training="mridiff_mc_diffusion.train:joint_training"),
        PriorSpec(name="pet-mr-independent", summary="a denoiser of PET beside one of MR: neither sees the other",
                  target="mridiff_mc_diffusion.prior:IndependentPrior", axes=PAIR, complex=False, offers=KNOWS,
                  weights=(WEIGHTS["independent"],), training="mridiff_mc_diffusion.train:independent_training"),
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """The joint sampler, and what is done without a prior."""
    return [
        SamplerSpec(name="mc-diffusion", summary="predictor-corrector on all modalities at once, a fidelity step for each",
                    target="mridiff_mc_diffusion.sampler:MCDiffusion", priors={"prior": needs(Trait.DENOISER, Trait.UNITARY_CODEC)},
                    offers=frozenset({Trait.NO_BACKWARD}), axes=("modality",), needs=BLOCKS, source=STUDY),
        SamplerSpec(name="pet-mr-classical", summary="filtered back-projection or OSEM for PET, zero-filled or TV for MR",
                    target="mridiff_mc_diffusion.classical:Classical", offers=frozenset({Trait.POINT, Trait.NO_BACKWARD}),
                    axes=("modality",), needs=BLOCKS, source=OSEM),
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """The method, and the same with priors that do not know of each other."""
    return [
        RecipeSpec(name="mc-diffusion", summary="PET and MR reconstructed together with one prior of the pair", file="recipe.yaml",
                   family=Family.STANDARD, application="cross-modal PET-MRI", domain="image", source=STUDY,
                   studies="mridiff_mc_diffusion.studies:studies"),
        RecipeSpec(name="mc-diffusion-independent", summary="PET and MR with a prior of its own for each, for comparison",
                   file="recipes/independent.yaml", family=Family.STANDARD, application="cross-modal PET-MRI", domain="image"),
        RecipeSpec(name="pet-mr-classical", summary="OSEM for PET and total variation for MR, for comparison",
                   file="recipes/classical.yaml", family=Family.CLASSICAL, application="cross-modal PET-MRI", domain="image", source=OSEM),
    ]  # fmt: skip
