"""mridiff: a plugin platform for diffusion-model MRI reconstruction.

`mridiff.load("dps-mri")(scan).x` reconstructs a scan. Importing this package imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["API", "__version__", "load"]

if TYPE_CHECKING:
    from .pipeline.method import load
    from .spec import API


def __getattr__(name: str) -> Any:
    if name == "load":
        from .pipeline.method import load

        return load
    if name == "API":
        from .spec import API

        return API
    raise AttributeError(f"module 'mridiff' has no attribute {name!r}")
