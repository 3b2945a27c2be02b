"""Checks of data sets: scans by index, the truth apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import torch
from torch import Tensor

from mridiff.errors import DataError, MridiffError
from mridiff.interfaces import Blocks, Field, Gaussian, Poisson, Scan
from mridiff.spec import Trait

from .. import fourier
from .cases import DatasetCase
from .check import collect, law
from .values import distance, finite, identical, parts


def _tensors(scan: Scan, truth: bool = True) -> Iterator[tuple[str, Tensor]]:
    for i, block in enumerate(() if scan.measured.y is None else parts(scan.measured.y)):
        yield f"y{i}", block
    groups = {"acquisition": scan.measured.acquisition, "conditions": scan.measured.conditions, **({"truth": scan.truth} if truth else {})}
    for group, fields in groups.items():
        for name, field in fields.items():
            yield f"{group}.{name}", field.data


def _differences(a: Scan, b: Scan, truth: bool = True) -> list[str]:
    first, second = dict(_tensors(a, truth)), dict(_tensors(b, truth))
    return sorted(n for n in first.keys() | second.keys() if n not in first or n not in second or not identical(first[n], second[n]))


@law("dataset")
def index(case: DatasetCase) -> None:
    """It has at least one scan, counts from the end too, and raises IndexError outside."""
    n = len(case.dataset)
    assert n >= 1, "it has no scan"
    assert isinstance(case.dataset[0], Scan), f"item 0 is {type(case.dataset[0]).__name__}, not a Scan"
    assert case.dataset[-1].id == case.dataset[n - 1].id, f"index -1 is {case.dataset[-1].id!r}, the last is {case.dataset[n - 1].id!r}"
    for outside in (n, -n - 1):
        try:
            case.dataset[outside]
        except IndexError:
            continue
        raise AssertionError(f"index {outside} of {n} scans raises no IndexError")


@law("dataset", after=("index",))
def repeatable(case: DatasetCase) -> None:
    """Reading a scan twice, or by a second data set of the same options, gives the same scan."""
    first = case.dataset[0]
    for other, what in ((case.dataset[0], "a second read"), (case.build()[0], "a second data set")):
        changed = _differences(first, other)
        assert not changed, f"{what} gives another {', '.join(changed)}"


@law("dataset", after=("index",))
def ids(case: DatasetCase) -> None:
    """Every scan has an id of its own, which is the same in every reading."""
    found = [case.dataset[i].id for i in range(min(len(case.dataset), 5))]
    assert all(isinstance(name, str) and name for name in found), f"ids are texts; found {found}"
    assert len(set(found)) == len(found), f"ids repeat: {found}"
    again = [case.build()[i].id for i in range(len(found))]
    assert again == found, f"a second data set gives the ids {again} instead of {found}"


@law("dataset", after=("index",))
def finite_scans(case: DatasetCase) -> None:
    """All numbers of a scan are finite."""
    wrong = [name for name, tensor in _tensors(case.dataset[0]) if not finite(tensor)]
    assert not wrong, f"these hold NaN or infinite numbers: {', '.join(wrong)}"


@law("dataset", after=("repeatable",))
def truth_apart(case: DatasetCase) -> None:
    """The truth lies apart: spoiling it changes nothing that was measured, in this scan or when it is read again."""
    scan = case.dataset[0]
    before = {name: tensor.clone() for name, tensor in _tensors(scan, truth=False)}
    for field in scan.truth.values():
        field.data.fill_(float("nan") if field.data.dtype.is_floating_point or field.data.is_complex() else 0)
    shared = [name for name, tensor in _tensors(scan, truth=False) if not identical(tensor, before[name])]
    assert not shared, f"the truth shares its memory with {', '.join(shared)}"
    again = dict(_tensors(case.dataset[0], truth=False))
    changed = [name for name in before if not identical(again[name], before[name])]
    assert not changed, f"after the truth of a scan was spoilt, the next read gives another {', '.join(changed)}"


@law("dataset", after=("repeatable",))
def scans_kept(case: DatasetCase) -> None:
    """A scan belongs to its reader: what one does to it, the next reader of the same index does not see."""
    first = case.dataset[0]
    kept = {name: tensor.clone() for name, tensor in _tensors(first, truth=False)}
    for _, tensor in _tensors(first, truth=False):
        tensor.zero_()
    changed = [name for name, tensor in _tensors(case.dataset[0], truth=False) if not identical(tensor, kept[name])]
    assert not changed, f"overwriting a scan changes {', '.join(changed)} of the next read"


@law("dataset", after=("index",))
def contents(case: DatasetCase) -> None:
    """A scan holds what the declaration offers: mask, coil maps, trajectory, reference, noise."""
    scan, offers = case.dataset[0], case.offers
    held = scan.measured.acquisition
    named = {Trait.MASK: "mask", Trait.MAPS: "sensitivity_maps", Trait.TRAJECTORY: "trajectory"}
    missing = [name for trait, name in named.items() if trait in offers and name not in held]
    missing += ["truth x"] if Trait.REFERENCE in offers and "x" not in scan.truth else []
    assert not missing, f"the declaration offers them, the scan lacks {', '.join(missing)}"
    noises = {Trait.GAUSSIAN_NOISE: Gaussian, Trait.POISSON_NOISE: Poisson, Trait.BLOCK_NOISE: Blocks}
    kinds = [kind for trait, kind in noises.items() if trait in offers]
    assert not kinds or isinstance(scan.measured.noise, tuple(kinds)), f"its noise is {type(scan.measured.noise).__name__}"
    if Trait.MASK in offers:
        _check_mask(held["mask"], scan.measured.y)
    if Trait.MAPS in offers:
        maps = held["sensitivity_maps"]
        assert maps.data.is_complex() and "coil" in maps.axes, f"the coil maps are {maps.data.dtype} with axes {maps.axes}"


@law("dataset", after=("index",))
def foretold(case: DatasetCase) -> None:
    """What it says of its files without reading a scan is what is read: as many scans, the same parts, axes and sizes."""
    told = case.dataset.contents()
    counted = sum(c.scans for c in told)
    assert not told or counted == len(case.dataset), f"its contents count {counted} scans, it has {len(case.dataset)}"
    if said := next((c.measured for c in told if c.scans), None):
        measured = case.dataset[0].measured
        held = () if measured.y is None else parts(measured.y)
        names = [f"y{i}" for i in range(len(held))] if isinstance(measured.y, tuple) else ["y"]
        y = {name: Field(block, tuple(said.get(name, ())) or ("y",) * (block.ndim - 1)) for name, block in zip(names, held, strict=False)}
        fields = {**measured.acquisition, **measured.conditions, **y}
        read = {name: dict(zip(f.axes, f.data.shape[1:], strict=True)) for name, f in fields.items()}
        assert {n: dict(axes) for n, axes in said.items()} == read, f"its contents say {said}, the first scan has {read}"


def _check_mask(mask: Field, y: object) -> None:
    m = mask.data
    assert not m.is_complex() and bool(((m == 0) | (m == 1)).all()), "the mask holds values other than 0 and 1"
    if isinstance(y, Tensor):
        outside = (_over(mask, y) == 0).expand_as(y)
        assert not bool((y[outside] != 0).any()), f"y is not zero at {int((y[outside] != 0).sum())} places outside the mask"


def _clean(case: DatasetCase) -> Iterator[tuple[str, Scan]]:
    """The first scan of every combination of options that the data set does not refuse."""
    for name, build in case.clean.items():
        with suppress(MridiffError):
            yield name, build()[0]


def _there_and_back(scan: Scan) -> tuple[Tensor, Tensor, Tensor]:
    """y, A^H y and A A^H y, by the mask (sample, ..., ky, kx) and, where there are any, the maps (sample, coil, y, x) of all frames."""
    y, mask, maps = scan.measured.y, scan.measured.acquisition["mask"], scan.measured.acquisition.get("sensitivity_maps")
    assert isinstance(y, Tensor), "y is no tensor"
    M = _over(mask, y)
    images = fourier.ifft(M * y)
    if maps is None:
        return y, images, M * fourier.fft(images)
    S = maps.data.reshape(*maps.data.shape[:2], *(1,) * (y.ndim - maps.data.ndim), *maps.data.shape[2:])
    x = (S.conj() * images).sum(1)
    return y, x, M * fourier.fft(S * x[:, None])


def _over(mask: Field, y: Tensor) -> Tensor:
    """A mask that can be multiplied with y: axes of y that it has not come before its own."""
    return mask.data.reshape(len(mask.data), *(1,) * (y.ndim - mask.data.ndim), *mask.data.shape[1:])


@law("dataset", after=("contents",), applies=lambda c: bool(c.clean) and Trait.MASK in c.offers and Trait.BLOCK_NOISE not in c.offers)
def truth_explained(case: DatasetCase) -> None:
    """Fully sampled and free of noise, the scan explains its truth, whatever the options: A A^H y is y, and A^H y is x.

    Maps that are estimated explain y within a tenth; x then agrees with A^H y as well as that.
    """
    scans = dict(_clean(case))
    assert scans, "no combination of options gives a fully sampled scan without noise"
    for name, scan in scans.items():
        y, back, again = _there_and_back(scan)
        unexplained = distance(again, y)
        assert unexplained < 0.1, f"{name}: A A^H y differs from y by {unexplained:.2g} of its norm, at most 0.1 allowed"
        if "x" not in scan.truth:
            continue
        x, bound = scan.truth["x"].data, 1e-4 + 2 * unexplained
        assert x.shape == back.shape, f"{name}: the truth has shape {tuple(x.shape)}, A^H y {tuple(back.shape)}"
        error = distance(back, x)
        assert error < bound, f"{name}: A^H y differs from the truth by {error:.2g} of its norm, at most {bound:.2g} allowed"


@law("dataset", after=("repeatable", "truth_explained"), applies=lambda case: case.image is not None)
def image(case: DatasetCase) -> None:
    """Fully sampled and free of noise, the coil images together have the magnitude of the image that was put in, the right way up."""
    assert case.image is not None
    for name, scan in _clean(case):
        assert isinstance(scan.measured.y, Tensor)
        coils = fourier.ifft(scan.measured.y)[0]
        seen = torch.linalg.vector_norm(coils.reshape(-1, *coils.shape[-2:]), dim=0)
        assert seen.shape == case.image.shape, f"{name}: the image has {tuple(seen.shape)} pixels instead of {tuple(case.image.shape)}"
        error = distance(seen, case.image.to(seen))
        assert error < 1e-4, f"{name}: the image differs from the one that was put in by {error:.2g} of its norm, at most 1e-4 allowed"


@law("dataset", after=("contents",), applies=lambda case: case.noisy is not None)
def noise_level(case: DatasetCase) -> None:
    """The stated noise level is that by which two draws of the noise differ, sample by sample; without noise none is stated."""
    assert case.noisy is not None
    total, count = 0.0, 0
    for seed in range(0, 400, 2):
        first, second = (case.noisy(seed + k)[0].measured for k in (0, 1))
        assert isinstance(first.y, Tensor) and isinstance(second.y, Tensor) and isinstance(first.noise, Gaussian), "y is no tensor"
        assert first.noise.std is not None, "noise was added and no level is stated"
        weight = 1.0 if first.noise.weight is None else first.noise.weight
        both = (first.y != 0) & (second.y != 0)
        squared = weight * (first.y - second.y).abs().square() / (2 * first.noise.std**2)
        total, count = total + float(squared[both].double().sum()), count + int(both.sum())
        if count > 5000:
            break
    ratio = (total / max(count, 1)) ** 0.5
    assert abs(ratio - 1) < 0.05, f"the noise is {ratio:.3g} times as strong as is stated, within 5 % allowed ({count} samples)"
    for name, scan in _clean(case):
        noise, y = scan.measured.noise, scan.measured.y
        assert isinstance(noise, Gaussian) and isinstance(y, Tensor)
        most = 0.01 * float(fourier.ifft(y).abs().max())
        assert noise.std is None or float(noise.std) < most, f"{name}: without noise a level of {noise.std} is stated, at most {most:.2g}"


@law("dataset", after=("repeatable", "scans_kept"))
def sent_to_workers(case: DatasetCase) -> None:
    """It can be sent to another process, and reads the same there."""
    copy = ForkingPickler.loads(ForkingPickler.dumps(case.build()))  # what a pool of workers does
    changed = _differences(copy[0], case.dataset[0])
    assert not changed, f"the copy in another process reads another {', '.join(changed)}"


@law("dataset", applies=lambda case: case.missing is not None)
def missing_file(case: DatasetCase) -> None:
    """A file that does not exist is a DataError that names it."""
    assert case.missing is not None
    for path in (Path("no-such-file"), Path("nowhere") / "absent.h5"):
        try:
            case.missing(path)[0]
        except DataError as error:
            assert str(path) in str(error), f"the error does not name the file {path}: {error}"
        else:
            raise AssertionError("a file that does not exist raises nothing")


@law("dataset", after=("index",))
def generators_kept(case: DatasetCase) -> None:
    """Reading a scan leaves the global random numbers as they were."""
    before = torch.random.get_rng_state()
    case.dataset[0]
    assert torch.equal(torch.random.get_rng_state(), before), "a read changed the global random state of torch"


CHECKS = collect(globals())
