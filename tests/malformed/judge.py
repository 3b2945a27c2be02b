"""Judge: what is a clear error, and what is a sound result."""

from __future__ import annotations

import json
import logging
import re
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

from mridiff.errors import ConfigError, DataError, MridiffError, UnsafeInput
from mridiff.interfaces import Scan

LONGEST = 4000
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class UnsoundError(Exception):
    """A result that no reader should have handed out."""


def prepare() -> None:
    """Import what readers import when they are used, once for all workers."""
    import ismrmrd.xsd  # noqa: F401
    import nibabel  # noqa: F401
    import pydicom.pixels  # noqa: F401

    torch.set_num_threads(1)
    warnings.simplefilter("error")
    logging.disable(logging.NOTSET)


def verdict(use: Callable[[], object], folder: Path) -> tuple[str, str]:
    """How reading an input ended, "refused" or "sound", and what is wrong with that, or an empty text."""
    try:
        use()
    except MridiffError as error:
        return "refused", unclear(error, folder)
    except UnsoundError as error:
        return "sound", f"unsound: {error}"
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return "raised", f"{type(error).__name__}: {str(error)[:200]!r} ({Path(frame.filename).name}:{frame.lineno})"
    return "sound", ""


def unclear(error: MridiffError, folder: Path) -> str:
    """Why an error is none that a person could use, or an empty text."""
    text = str(error).replace(str(folder), "")
    if not error.message.strip():
        return f"{type(error).__name__} without words"
    if len(text) > LONGEST:
        return f"{type(error).__name__} of {len(text)} letters: {text[:100]!r}"
    if found := CONTROL.search(text):
        return f"{type(error).__name__} with the control character {found[0]!r}: {text[:200]!r}"
    if isinstance(error, DataError | UnsafeInput | ConfigError) and any(folder.iterdir()) and str(folder) not in str(error):
        return f"{type(error).__name__} that names no file: {text[:200]!r}"
    json.dumps(error.as_dict(), default=str)
    return ""


def check(scan: Scan) -> None:
    """A scan has finite y and truth, a mask of 0 and 1, and a name."""
    measured = scan.measured
    y = measured.y if isinstance(measured.y, tuple) else (measured.y,)
    fields = {**measured.acquisition, **measured.conditions, **scan.truth}
    for name, tensor in [*((f"y{i}", b) for i, b in enumerate(y)), *((n, f.data) for n, f in fields.items())]:
        if tensor is not None and not bool(torch.isfinite(torch.view_as_real(tensor) if tensor.is_complex() else tensor).all()):
            raise UnsoundError(f"{name} holds NaN or infinite numbers")
    mask = measured.acquisition.get("mask")
    if mask is not None and not bool(((mask.data == 0) | (mask.data == 1)).all()):
        raise UnsoundError("the mask holds other numbers than 0 and 1")
    std = getattr(measured.noise, "std", None)
    if std is not None and not bool(torch.isfinite(torch.as_tensor(std)).all() & (torch.as_tensor(std) > 0).all()):
        raise UnsoundError(f"the noise level is {std}")
    if not scan.id:
        raise UnsoundError("the scan has no name")
