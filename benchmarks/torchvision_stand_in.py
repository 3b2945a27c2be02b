"""An empty `torchvision`, for peers that import it by name and, for what is measured here, never call it."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAMES = ("", ".datasets", ".datasets.folder", ".datasets.utils", ".io", ".models", ".ops", ".transforms", ".transforms.functional",
         ".transforms.v2", ".utils")  # fmt: skip


class _Named(type):
    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name.lower()  # members of enumerations that serve as default arguments


class _Empty(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return () if name.isupper() else _Named(name, (), {})


def install() -> None:
    """Put the stand-in where `import torchvision` finds it, unless the real one is installed."""
    if importlib.util.find_spec("torchvision") is not None:
        return
    for name in NAMES:
        module = _Empty("torchvision" + name)
        module.__path__ = []
        module.__spec__ = ModuleSpec(module.__name__, None, is_package=True)
        module.__dict__["__version__"] = "0"
        sys.modules[module.__name__] = module
        parent, _, child = module.__name__.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
