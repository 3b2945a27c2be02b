"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, DatasetSpec, Family, OperatorSpec, PriorSpec, RecipeSpec, SamplerSpec, Trait, Weights, needs

TITLE = "Single-Step Sampling Approach for Unsupervised Anomaly Detection of Brain MRI Using Denoising Diffusion Models"
STUDY = Citation(TITLE, 2024, "10.1155/ijbi/2352602")
ANODDPM = Citation("AnoDDPM: Anomaly detection with denoising diffusion probabilistic models using simplex noise", 2022)
MS = Citation("A novel public MR image dataset of multiple sclerosis patients with lesion segmentations based on multi-rater consensus",
              2017, "10.1007/s12021-017-9348-7")  # fmt: skip
HASHES = {
    "simplex": "1eedd033827ce86c8d21dd714aec05102c3b781b1f68bed08864130694aa8404",
    "gaussian": "081707715a7629ef5e3b77bb2c51a1712e313582abd204ae4a0e7cf679cdcfd5",
}
WEIGHTS = {name: Weights(f"weights/{name}.safetensors", sha256, "Apache-2.0") for name, sha256 in HASHES.items()}
"""The weights that come with this package, by the name under which the prior takes them: of simplex noise, and of white."""
IMAGES = frozenset({Trait.REFERENCE, Trait.GAUSSIAN_NOISE})


@hookimpl
def mridiff_operators() -> Iterable[OperatorSpec]:
    """None, in other words: the image is there."""
    return [
        OperatorSpec(name="whole-image", summary="an image that is there already, y = x, in which something is looked for",
                     target="mridiff_simplex_anomaly.operator:WholeImage", axes=("y", "x"), complex=False,
                     offers=frozenset({Trait.LINEAR, Trait.COISOMETRIC}))
    ]  # fmt: skip


@hookimpl
def mridiff_priors() -> Iterable[PriorSpec]:
    """The network. It is no denoiser of white noise, and does not say so."""
    return [
        PriorSpec(name="simplex-ddpm", summary="healthy brain slices in FLAIR contrast, learned with simplex noise",
                  target="mridiff_simplex_anomaly.prior:SimplexDDPM", axes=("y", "x"), complex=False,
                  offers=frozenset({Trait.DIFFERENTIABLE, Trait.UNITARY_CODEC, Trait.LINEAR_CODEC}),
                  source=STUDY, weights=tuple(WEIGHTS.values()), training="mridiff_simplex_anomaly.train:training")
    ]  # fmt: skip


@hookimpl
def mridiff_samplers() -> Iterable[SamplerSpec]:
    """One call, the chain that it replaces, and what does without a network."""
    linear, any_prior = {"operator": needs(Trait.LINEAR)}, {"prior": needs()}
    return [
        SamplerSpec(name="simplex-anomaly", summary="lesions by one call of a network of healthy brains, after partial diffusion",
                    target="mridiff_simplex_anomaly.sampler:SimplexOneStep", priors=any_prior, axes=("y", "x"),
                    offers=frozenset({Trait.NO_BACKWARD}), needs=linear, source=STUDY),
        SamplerSpec(name="simplex-iterative", summary="lesions by partial diffusion that is undone step by step: AnoDDPM",
                    target="mridiff_simplex_anomaly.iterative:SimplexIterative", priors=any_prior, axes=("y", "x"),
                    offers=frozenset({Trait.NO_BACKWARD}), needs=linear, source=ANODDPM),
        SamplerSpec(name="intensity-threshold", summary="lesions as what is brighter or darker than most of the slice",
                    target="mridiff_simplex_anomaly.brightness:IntensityThreshold", axes=("y", "x"),
                    offers=frozenset({Trait.POINT, Trait.NO_BACKWARD}), needs=linear),
    ]  # fmt: skip


@hookimpl
def mridiff_datasets() -> Iterable[DatasetSpec]:
    """Slices with lesions whose place is known."""
    return [
        DatasetSpec(name="drawn-lesions", summary="brain slices of label maps in FLAIR contrast, a lesion drawn into each",
                    target="mridiff_simplex_anomaly.dataset:DrawnLesions", offers=IMAGES),
        DatasetSpec(name="flair-lesions", summary="measured FLAIR slices of patients, with their outlined lesions or a drawn one",
                    target="mridiff_simplex_anomaly.dataset:FlairLesions", offers=IMAGES - {Trait.REFERENCE}, source=MS),
    ]  # fmt: skip


@hookimpl
def mridiff_recipes() -> Iterable[RecipeSpec]:
    """Lesions in brain slices."""
    return [
        RecipeSpec(name="simplex-anomaly", summary="lesions of brain FLAIR by one network call after partial diffusion with simplex noise",
                   file="recipe.yaml", family=Family.STANDARD, application="anomaly", domain="image", source=STUDY,
                   studies="mridiff_simplex_anomaly.studies:studies")
    ]  # fmt: skip
