"""Tiny measurements for checks, of any size, number of coils and samples; drawn from integers, never from the clock."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mridiff.interfaces import Field, Gaussian, Measured, Streams

from ..coils.simulate import simulate_maps


@dataclass(frozen=True)
class Shape:
    """What a tiny scan looks like: its image axes and sizes, coils, samples with a mask each, and the seed of it all."""

    axes: tuple[str, ...]
    sizes: tuple[int, ...]
    coils: int = 2
    samples: int = 1
    seed: int = 0

    @property
    def id(self) -> str:
        """The shape as text: 5x8-2coils-3samples."""
        return f"{'x'.join(map(str, self.sizes))}-{self.coils}coils-{self.samples}samples"


SIZES = {"t": (3, 2, 3, 4), "z": (2, 3, 2, 4), "y": (6, 7, 5, 16), "x": (8, 5, 6, 18)}
"""Even, odd and mixed sizes, never square; the last are large enough for the smallest networks."""


def shapes(axes: tuple[str, ...], examples: int) -> list[Shape]:
    """Four fixed shapes, and as many drawn ones as `examples` asks for; the same every time."""
    fixed = [tuple(SIZES[a][i] for a in axes) for i in range(4)]
    made = [Shape(axes, fixed[0]), Shape(axes, fixed[1], coils=3, samples=2, seed=1), Shape(axes, fixed[2], coils=1, samples=3, seed=2),
            Shape(axes, fixed[3], coils=3, seed=4)]  # fmt: skip
    for seed in range(examples):
        *n, coils, samples = (int(v) for v in Streams.of(seed, "shape").integers(0, 6, (len(axes) + 2,))[0])
        made.append(Shape(axes, tuple(3 + k for k in n), 1 + coils % 4, 1 + samples % 3, seed + 10))
    return made


def mask(shape: Shape, precision: torch.dtype) -> Field:
    """A binary mask per sample, (sample, *k), with its centre and never full: lines along one axis where the seed is odd, else points.

    Frames have masks of their own.
    """
    u = Streams.of(shape.seed, "mask", shape.samples).uniform(shape.sizes)
    axes = zip(shape.axes, shape.sizes, strict=True)
    near = torch.stack(torch.meshgrid(*((torch.arange(n) == n // 2) | (a == "t") for a, n in axes), indexing="ij"))
    if shape.seed % 2:
        u, near = u[..., :1, :].expand_as(u), near[-1:]
    u = torch.where(near.all(0), 0, u)
    within = [i + 1 for i, a in enumerate(shape.axes) if a != "t"]
    kept = u < u.amax(within, keepdim=True).clamp_max(0.6)
    return Field(kept.to(precision), tuple(a if a == "t" else f"k{a}" for a in shape.axes))


def maps(shape: Shape, precision: torch.dtype) -> Field:
    """Simulated coil maps (1, coil, *image), the same for all samples and frames."""
    image = {a: n for a, n in zip(shape.axes, shape.sizes, strict=True) if a != "t"}
    made = simulate_maps(shape.coils, tuple(image.values()), shape.seed, precision.to_complex())
    return Field(made[None], ("coil", *image))


def cartesian(shape: Shape, precision: torch.dtype, with_maps: bool) -> Measured:
    """A Cartesian scan of random k-space, with a mask, and with coil maps or without a coil axis."""
    acquisition = {"mask": mask(shape, precision)}
    sampled = acquisition["mask"].data
    if with_maps:
        acquisition["sensitivity_maps"] = maps(shape, precision)
        sampled = sampled[:, None]
    sizes = (shape.coils, *shape.sizes) if with_maps else shape.sizes
    y = sampled * Streams.of(shape.seed, "y", shape.samples).normal(sizes, precision.to_complex())
    return Measured(y, Gaussian(0.1), acquisition)
