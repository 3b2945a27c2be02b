"""Checks of data sets: scans by index, the truth apart."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.reduction import ForkingPickler

import torch
from torch import Tensor

from mridiff.errors import DataError
from mridiff.interfaces import Blocks, Field, Gaussian, Poisson, Scan
from mridiff.spec import Trait

from .cases import DatasetCase
from .check import collect, law
from .values import finite, identical, parts


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


def _check_mask(mask: Field, y: object) -> None:
    m = mask.data
    assert not m.is_complex() and bool(((m == 0) | (m == 1)).all()), "the mask holds values other than 0 and 1"
    if isinstance(y, Tensor):
        outside = (m.reshape(len(m), *(1,) * (y.ndim - m.ndim), *m.shape[1:]) == 0).expand_as(y)
        assert not bool((y[outside] != 0).any()), f"y is not zero at {int((y[outside] != 0).sum())} places outside the mask"


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
    try:
        case.missing()[0]
    except DataError as error:
        assert "no-such-file" in str(error), f"the error does not name the file: {error}"
    else:
        raise AssertionError("a file that does not exist raises nothing")


@law("dataset", after=("index",))
def generators_kept(case: DatasetCase) -> None:
    """Reading a scan leaves the global random numbers as they were."""
    before = torch.random.get_rng_state()
    case.dataset[0]
    assert torch.equal(torch.random.get_rng_state(), before), "a read changed the global random state of torch"


CHECKS = collect(globals())
