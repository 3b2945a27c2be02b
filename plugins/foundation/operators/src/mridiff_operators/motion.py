"""Multi-coil Cartesian acquisition of an object that moves between shots: y_c = sum over shots of M_s F S_c T_s x."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Annotated, Literal, Self

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import LinearOperator, Measured, Nuisance, ParametricOperator, Space
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.motion import Order, Rigid, centred, shots_of

__all__ = ["RigidMotionSense"]

Coils = Literal["moving", "static"]


class RigidMotionSense(ParametricOperator):
    """y_c = sum_s M_s F S_c T_s x, with T_s the rigid motion of shot s: unknown, and given to `at` as phi["motion"] (sample, shot, 3).

    `maps` are complex (1 or sample, coil, y, x); `shots` real (1 or sample, ky, kx) names the shot of every sample, from 0, -1 for none.
    Poses are degrees and pixels along y and x (`mridiff_sdk.motion.Rigid`), and their mean over shots is zero: a motion of everything
    cannot be told from another image. `coils` "moving": the sensitivities move with the head, T_s S_c x, as in the code of Levac et
    al., Magn. Reson. Med. 92, 2024; "static": they stand still, S_c T_s x.
    """

    maps: Tensor
    taken: Tensor

    def __init__(self, maps: Tensor, shots: Tensor, coils: Coils = "moving", limit: float = 15.0, start: Tensor | None = None) -> None:
        super().__init__()
        if maps.ndim != 4 or shots.ndim != 3 or maps.shape[2:] != shots.shape[1:] or not maps.is_complex():
            raise DataError(f"coil maps {maps.dtype} {tuple(maps.shape)} and shots {tuple(shots.shape)} do not fit each other",
                            hint="Give complex maps (1 or sample, coil, y, x) and a shot per sample (1 or sample, ky, kx).")  # fmt: skip
        count = int(shots.max()) + 1
        if count < 1:
            raise DataError("no sample belongs to a shot", hint="Number the shots from 0; -1 marks samples that were not measured.")
        real = maps.real.dtype
        numbers = torch.arange(count, device=shots.device)
        self.register_buffer("maps", maps)
        self.register_buffer("taken", (shots[:, None] == numbers[:, None, None]).to(real))  # (sample, shot, ky, kx)
        self.coils: Coils = coils
        self.domain = Space(("y", "x"), tuple(maps.shape[2:]))
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")
        space = Space(("shot", "channel"), (count, 3), complex=False, unit="degree, pixel", kind="motion")
        if start is None:
            start = torch.zeros(1, count, 3, dtype=real, device=maps.device)
        elif tuple(start.shape[1:]) != space.shape:
            raise DataError(f"the scan tells a motion {tuple(start.shape)}, but its samples belong to {count} shots",
                            hint="Give the pose (degrees, pixels along y and x) of every shot: (1 or sample, shot, 3).")  # fmt: skip
        self.nuisance = {
            "motion": Nuisance(space, centred(start).to(real), "degree, pixel", 1.0, lambda motion: _bounded(centred(motion), limit))
        }

    @classmethod
    def for_scan(cls, measured: Measured, *,
                 shots: Annotated[int, Ge(1), "number of shots, where the scan does not say which shot measured each sample"] = 8,
                 order: Annotated[Order, "order of the lines, where the scan does not say: every n-th line, or neighbours"] = "interleaved",
                 coils: Annotated[Coils, "whether the sensitivities move with the head, or stand still"] = "moving",
                 limit: Annotated[float, Gt(0), "largest motion that is believed, in degrees and in pixels"] = 15.0) -> Self:  # fmt: skip
        """The operator of a scan with `sensitivity_maps` and `mask`; `shots`, where the scan has it, names the shot of each sample, and
        `motion` their poses, as a navigator found them, with which an estimate begins."""
        maps, mask = measured.require("sensitivity_maps", "mask")
        told, motion = measured.acquisition.get("shots"), measured.acquisition.get("motion")
        return cls(maps, shots_of(mask, shots, order) if told is None else told.data, coils, limit, None if motion is None else motion.data)

    def at(self, phi: Mapping[str, Tensor]) -> LinearOperator:
        """The operator at the motion phi["motion"] (1 or sample, shot, 3)."""
        return SenseInMotion(self.maps, self.taken, phi["motion"].to(self.taken.dtype).to(self.taken.device), self.coils)


class SenseInMotion(LinearOperator):
    """y_c = sum_s M_s F S_c T_s x at known motions (1 or sample, shot, 3), which autograd reaches.

    `maps` are (1 or sample, coil, y, x), M_s the masks `taken` (1 or sample, shot, ky, kx).
    """

    maps: Tensor
    taken: Tensor

    def __init__(self, maps: Tensor, taken: Tensor, motion: Tensor, coils: Coils = "moving") -> None:
        super().__init__()
        self.register_buffer("maps", maps)
        self.register_buffer("taken", taken)
        size = (maps.shape[-2], maps.shape[-1])
        self.poses, self.coils = [Rigid(pose, size) for pose in motion.unbind(1)], coils
        self.domain = Space(("y", "x"), tuple(maps.shape[2:]))
        self.codomain = Space(("coil", "ky", "kx"), tuple(maps.shape[1:]), kind="k-space")
        # Where whole lines along ky belong to a shot, all shots share the transform along y.
        self.whole = torch.equal(taken, taken[..., :1, :].expand_as(taken))
        self.axes = (-1,) if self.whole else (-2, -1)

    def forward(self, x: Tensor) -> Tensor:
        """x (sample, y, x) to y (sample, coil, ky, kx)."""
        # One shot after the other: what a shot needs stays in the cache.
        y = _sum(self._mask(s) * fft(self._seen(x, T), self.axes) for s, T in enumerate(self.poses))
        return fft(y, (-2,)) if self.whole else y

    def adjoint(self, y: Tensor) -> Tensor:
        """y (sample, coil, ky, kx) to x (sample, y, x)."""
        y = ifft(y, (-2,)) if self.whole else y
        return self._combined((self._unseen(ifft(self._mask(s) * y, self.axes), T) for s, T in enumerate(self.poses)))

    def normal(self, x: Tensor) -> Tensor:
        """sum_s T_s^H S^H F^H M_s F S T_s x; where whole lines along ky belong to a shot, F is needed along x only."""
        # A function of kx passes the shear along x that ends T_s: all of M_s goes through it, and so does F along y. What is left of
        # T_s are its first two shears, which saves half of the transforms.
        shears = 2 if self.whole and self.coils == "moving" else 3
        seen = ((s, T, self._seen(x, T, shears)) for s, T in enumerate(self.poses))
        return self._combined(self._unseen(ifft(self._mask(s) * fft(z, self.axes), self.axes), T, shears) for s, T, z in seen)

    def _mask(self, s: int) -> Tensor:
        """Which samples are of a shot, (sample, 1, ky, kx), or (sample, 1, 1, kx) where whole lines are."""
        return self.taken[:, s, None, :1] if self.whole else self.taken[:, s, None]

    def _seen(self, x: Tensor, T: Rigid, shears: int = 3) -> Tensor:
        """What the coils see of x in one pose, (sample, coil, y, x)."""
        return T(self.maps * x[:, None], shears) if self.coils == "moving" else self.maps * T(x, shears)[:, None]

    def _unseen(self, z: Tensor, T: Rigid, shears: int = 3) -> Tensor:
        """What they saw in one pose, moved back: for each coil where the maps move too, else combined, (sample, y, x)."""
        return T.undo(z, shears) if self.coils == "moving" else T.undo((self.maps.conj() * z).sum(1), shears)

    def _combined(self, shots: Iterable[Tensor]) -> Tensor:
        """The image of what all shots saw, (sample, y, x)."""
        return (self.maps.conj() * _sum(shots)).sum(1) if self.coils == "moving" else _sum(shots)


def _bounded(motion: Tensor, limit: float) -> Tensor:
    """The motion, shrunk as a whole where an angle or a shift exceeds the limit; unlike clipping, this keeps its mean."""
    size = motion.abs().amax(1, keepdim=True)
    return motion * (limit / size.clamp_min(limit))


def _sum(terms: Iterable[Tensor]) -> Tensor:
    return reduce(torch.add, terms)
