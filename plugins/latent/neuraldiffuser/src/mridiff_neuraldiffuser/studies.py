"""Studies: the tables of the card, on pictures that were kept out of training."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff import Reconstruction
from mridiff.interfaces import Scan
from mridiff_sdk.stimuli import identified
from mridiff_sdk.study import Altered, Study, of_x, on_recipe

from .decoders import LATENT
from .known import known
from .pixels import to_pixels


def studies() -> dict[str, Study]:
    """The method beside what does without its parts; parts and guides; means of repeated runs at three noise levels."""
    both: dict[str, Any] = {"unguided": one(kappa=0.0), "neuraldiffuser": one()}
    first = {**one(), "priors": {"prior": {"options": {"layers": 1}}}}
    parts = {"fraction 0.2": one(fraction=0.2), "layer 1 alone": first, "code's x0": one(paper_code_x0=True), "no text": one(cfg=0.0)}
    parts["study's options"] = one(strength=0.75, cfg=7.5)
    given: dict[str, Any] = {"true z, c and g": {}, "true g": {"what": "feature"}, "g of another": {"what": "feature", "ahead": 1}}
    of_another = Altered(one(), scan=partial(known, what="voxels", ahead=1))
    text = Altered(one(kappa=0.0, strength=1.0), scan=partial(known, what=LATENT, scale=0.0))
    judged = {f"judge, layer {n}": of_x(identified, layer=n) for n in (2, 5)}
    scenes = {"use": "sim-fmri", "options": {"split": "test", "stimuli": 30}}
    levels = {f"noise level {n:g}": {"use": "sim-fmri", "options": {"split": "test", "stimuli": 8, "noise": n}} for n in (1.0, 2.0, 4.0)}
    metrics = ("pixcorr", "ssim", *judged, "nfe", "seconds")
    shared: dict[str, Any] = {"metrics": metrics, "better": dict.fromkeys(judged, 1), "extra": judged}
    return {
        "neuraldiffuser-recipe": on_recipe("neuraldiffuser"),
        "neuraldiffuser": Study(
            title="neuraldiffuser beside what does without its parts", scans={"test scenes": scenes}, against=("unguided",),
            rows={"ridge to pixels": Altered(one(), to_pixels), "one step from z": one(kappa=0.0, strength=0.04), "text alone": text,
                  "responses to another": of_another, **both}, **shared),
        "neuraldiffuser-parts": Study(
            title="parts and guides of neuraldiffuser", scans={"test scenes": scenes}, against=("neuraldiffuser", "unguided"),
            rows=both | parts | {k: Altered(one(), scan=partial(known, **v)) for k, v in given.items()}, **shared),
        "neuraldiffuser-repeats": Study(
            title="means of five runs, and how noise tells", scans=levels, against=("unguided",),
            rows={k: row | {"samples": 5} for k, row in both.items()}, **{**shared, "extra": {**judged, "spread": spread}}),
    }  # fmt: skip


def one(**options: Any) -> dict[str, Any]:
    """One run with other options."""
    return {"recipe": "neuraldiffuser", "samples": 1, "sampler": {"options": options}}


def spread(result: Reconstruction, _: Scan) -> float:
    """Standard deviation over runs, root mean square over the picture."""
    return float(result.samples.var(0).mean().sqrt())
