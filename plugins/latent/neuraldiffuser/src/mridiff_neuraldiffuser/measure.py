"""Measure: the tables of the card, on pictures that were kept out of training; `python -m mridiff_neuraldiffuser.measure`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from mridiff.interfaces import Field, Streams
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_sdk.diffusions import uniform
from mridiff_sdk.ridge import Ridge

from .bench import FIGURES, Bench
from .judge import trained
from .prior import FeatureGuided
from .sampler import NeuralDiffuser

SHUFFLES, REPEATS = 5, 5
Scores = Mapping[str, Tensor]


def table(first: str) -> str:
    """The head of a table."""
    return f"| {first} | {' | '.join(FIGURES)} |\n|---{'|---' * len(FIGURES)}|"


def row(name: str, found: Scores) -> str:
    """One line of it; identification in per cent."""
    cells = [f"{100 * float(v.mean()):.1f}" if k.startswith("mini") else f"{float(v.mean()):.3f}" for k, v in found.items()]
    return f"| {name} | {' | '.join(cells)} |"


def paired(name: str, one: Scores, other: Scores) -> str:
    """The mean over pictures of what one has more than the other, with the p-value of Wilcoxon's test (two-sided)."""
    from scipy.stats import wilcoxon

    cells = []
    for key in FIGURES:
        more = (one[key] - other[key]).double()
        p = float(wilcoxon(more.numpy()).pvalue) if bool(more.any()) else 1.0
        cells.append(f"{float(more.mean()) * (100 if key.startswith('mini') else 1):+.3f} (p = {p:.1g})")
    return f"| {name} | {' | '.join(cells)} |"


def baselines(bench: Bench, stimuli: int) -> Iterator[str]:
    """The mean of the training pictures, ridge regression to pixels, the decoded latent without diffusion, and the autoencoder's limit."""
    yield table("baseline")
    scans = list(SimFMRI(split="train", stimuli=stimuli, size=bench.prior.stack.size))
    x = torch.cat([s.truth["x"].data for s in scans])
    ridge = Ridge(bench.voxels.shape[1], x.shape[1:], 128)
    ridge.fit(torch.cat([s.measured.conditions["voxels"].data for s in scans]), x)
    codec = bench.prior.codec
    yield row("mean of the training pictures", bench.score(x.mean(0, keepdim=True).expand_as(bench.x)))
    yield row("ridge to pixels", bench.score(ridge(bench.voxels).clamp(0, 1)))
    with torch.no_grad():
        z, through = codec.decode(bench.decoded["latent"].data), codec.decode(codec.encode(bench.x))
    yield row("z alone, without diffusion", bench.score(z))
    yield row("limit: the true picture through the autoencoder", bench.score(through))


def ablations(bench: Bench) -> Iterator[str]:
    """The method, and what each of its parts is worth."""
    decode = partial(_scored, bench)
    nothing = {"latent": Field(torch.zeros_like(bench.decoded["latent"].data), bench.decoded["latent"].axes)}
    yield table("method")
    yield row("neuraldiffuser", decode())
    yield row("unguided (kappa 0)", decode(kappa=0.0))
    yield row("guided in a fifth of the steps (fraction 0.2)", decode(fraction=0.2))
    yield row("guided by layer 1 alone", decode(prior=FeatureGuided(layers=1)))
    yield row("x0 as in the public code", decode(paper_code_x0=True))
    yield row("no text (cfg 0)", decode(cfg=0.0))
    yield row("strength and text of the study (0.75, cfg 7.5)", decode(strength=0.75, cfg=7.5))
    yield row("text alone: c, no z, no g, from noise", decode(nothing, kappa=0.0, strength=1.0))


def guides(bench: Bench) -> Iterator[str]:
    """Decoded, true and wrong features as guides, and paired differences."""
    decode = partial(_scored, bench)
    guided, unguided, true, other = decode(), decode(kappa=0.0), decode(bench.features()), decode(bench.features(1))
    yield table("guide")
    yield row("g of the true picture", true)
    yield row("g of another picture", other)
    yield row("z, c and g of the true picture", decode(bench.oracle))
    yield ""
    yield table("paired over pictures")
    yield paired("guided minus unguided", guided, unguided)
    yield paired("g of the true picture minus unguided", true, unguided)
    yield paired("g of another picture minus unguided", other, unguided)
    yield ""
    yield share(bench)


def chance(bench: Bench) -> Iterator[str]:
    """What responses to other pictures give, and how noise tells."""
    yield table("responses")
    shuffled = [bench.score(bench.run(bench.problem(order=_order(i, len(bench.x))))) for i in range(SHUFFLES)]
    yield row(f"of other pictures ({SHUFFLES} shuffles)", {k: torch.stack([s[k] for s in shuffled]).mean(0) for k in FIGURES})
    for noise in (1.0, 4.0):
        part = Bench(bench.prior, bench.judge, bench.split, max(2, len(bench.x) // 2), noise)
        yield row(f"noise level {noise:g}, half of the pictures", part.score(part.run()))


def _scored(bench: Bench, given: Mapping[str, Field] | None = None, **options: object) -> dict[str, Tensor]:
    return bench.score(bench.run(bench.problem(given), **options))  # type: ignore[arg-type]


def _order(number: int, count: int) -> Tensor:
    return Streams([f"shuffle/{number}"]).permutation(count)[0]


def repeats(bench: Bench) -> Iterator[str]:
    """How far repeated runs of the same responses are apart."""
    yield f"| {REPEATS} runs of each picture | standard deviation over runs | PixCorr, mean of the runs | mini_alex2, mean of the runs |"
    yield "|---|---|---|---|"
    for name, kappa in (("guided", {}), ("unguided", {"kappa": 0.0})):
        drawn = torch.stack([bench.run(None, seed, None, **kappa) for seed in range(REPEATS)])
        found = bench.score(drawn.mean(0))
        spread = float(drawn.var(0).mean().sqrt())
        yield f"| {name} | {spread:.4f} | {float(found['PixCorr'].mean()):.3f} | {100 * float(found['mini_alex2'].mean()):.1f} |"


def share(bench: Bench) -> str:
    """How large the guiding term is beside eps in the first step."""
    sampler, prior = NeuralDiffuser(bench.prior), bench.prior
    t = float(uniform(prior.diffusion, sampler.steps)[sampler.steps - int(sampler.strength * sampler.steps)])
    z = bench.decoded["latent"].data
    x = prior.diffusion.degrade(z, t, Streams.of(0, "share", len(z)))
    alpha, sigma = float(prior.diffusion.alpha(t)), float(prior.diffusion.sigma(t))
    with torch.no_grad():
        eps = (x - alpha * prior(x, t, bench.decoded)) / sigma
    added = sampler.kappa * sigma * sampler.gradient(x, t, bench.decoded)
    ratio = float((added.flatten(1).norm(dim=1) / eps.flatten(1).norm(dim=1)).mean())
    return f"In the first step the guiding term has {ratio:.2f} times the norm of eps."


PARTS = ("baselines", "ablations", "guides", "chance", "repeats")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs="+", default=PARTS, choices=PARTS, help="which tables")
    parser.add_argument("--split", default="test", choices=("validation", "test"), help="which pictures")
    parser.add_argument("--count", type=int, default=60, help="how many pictures")
    parser.add_argument("--stimuli", type=int, default=2400, help="training stimuli of the baselines")
    parser.add_argument("--judge", type=int, default=1000, help="updates of the judge")
    given = parser.parse_args(arguments)
    prior = FeatureGuided().eval()
    judge = trained(prior.stack.size, updates=given.judge)
    bench = Bench(prior, judge, given.split, given.count)
    few = Bench(prior, judge, given.split, max(2, given.count // 4))
    made = {"baselines": partial(baselines, bench, given.stimuli), "ablations": partial(ablations, bench), "guides": partial(guides, bench),
            "chance": partial(chance, bench), "repeats": partial(repeats, few)}  # fmt: skip
    for part in given.part:
        started = time.process_time()
        for line in made[part]():
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        sys.stdout.write(f"\n{part}: {time.process_time() - started:.0f} s of one thread\n\n")


if __name__ == "__main__":
    main()
