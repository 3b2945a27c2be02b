"""Check: a scan is looked at before anything is computed, and all that is wrong with it is said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..errors import DataError
from ..interfaces.operator import Operator
from ..interfaces.scan import Measured, Scan


def fitted(scan: Scan, name: str, build: Callable[[Scan], Operator | None]) -> Operator | None:
    """The operator called `name` as built for a scan; raises DataError with everything about the scan that does not fit it."""
    m = scan.measured
    y = m.y if isinstance(m.y, tuple) else () if m.y is None else (m.y,)
    parts = [*((n, f.data) for n, f in {**m.acquisition, **m.conditions}.items()), *(("y", block) for block in y)]
    wrong = [f"{n} is {type(x).__name__}, not a tensor" for n, x in parts if not isinstance(x, Tensor)]
    lost = [(n, int((~torch.isfinite(x)).sum())) for n, x in parts if isinstance(x, Tensor)]
    wrong += [f"{n} holds {count} values that are NaN or infinite" for n, count in lost if count]
    try:
        A = build(scan)
        wrong += () if A is None else _misfits(A.complete(m), A)
    except Exception:
        if not wrong:
            raise
    if wrong:
        hint = "Check types, axes and their order; for a file of one coil, --set dataset.options.maps=none."
        raise DataError(f"scan {scan.id} does not fit {name}: {'; '.join(wrong)}", hint=hint)
    return A


def _misfits(measured: Measured, A: Operator) -> Iterator[str]:
    y = measured.y if isinstance(measured.y, tuple) else () if measured.y is None else (measured.y,)
    spaces, maps = A.codomain if isinstance(A.codomain, tuple) else (A.codomain,), measured.acquisition.get("sensitivity_maps")
    if len(spaces) != len(y):
        yield f"it expects {len(spaces)} measurement(s), the scan has {len(y)}"
    for space, block in zip(spaces, y, strict=False):
        try:
            space.check(block, "y")
        except DataError as error:
            yield error.message
            if maps is not None and "coil" in maps.axes and "coil" not in space.axes:
                yield f"it is for a single coil without maps, the scan has maps of {maps.data.shape[1 + maps.axes.index('coil')]} coil(s)"
    for name, field in measured.acquisition.items():
        for axes in {A.domain.axes, *(space.axes for space in spaces)}:
            if [a for a in field.axes if a in axes] != [a for a in axes if a in field.axes]:
                yield f"{name} has axes ({', '.join(field.axes)}) where the order of the operator is ({', '.join(axes)})"
