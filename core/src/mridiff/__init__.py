"""mridiff: a plugin platform for diffusion-model MRI reconstruction.

`mridiff.load("dps-mri")(scan).x` reconstructs a scan. Importing this package imports nothing heavy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline.cost import Counter
    from .pipeline.method import Method, Reconstruction, load, load_dataset, open_scans
    from .plugins.hookspecs import hookimpl
    from .plugins.registry import Registry
    from .spec import API

__version__ = "0.1.0"
__all__ = ["API", "Counter", "Method", "Reconstruction", "Registry", "__version__", "hookimpl", "load", "load_dataset", "open_scans"]

_METHOD = dict.fromkeys(("Method", "Reconstruction", "load", "load_dataset", "open_scans"), "pipeline.method")
_HOMES = {**_METHOD, "API": "spec", "Counter": "pipeline.cost", "Registry": "plugins.registry", "hookimpl": "plugins.hookspecs"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"mridiff.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'mridiff' has no attribute {name!r}")
