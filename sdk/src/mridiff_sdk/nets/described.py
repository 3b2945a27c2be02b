"""Described: a network whose file says how to build it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from ..io.weights import load_into, read_weights, write_weights
from .bounded import bounded


class Described(nn.Module):
    """A network that is built by `cls(**architecture)`; its constructor sets `architecture` to its own (plain) arguments."""

    architecture: dict[str, Any]

    @property
    def kept(self) -> nn.Module:
        """The part whose parameters and buffers the file holds: all of it, if a subclass does not say otherwise."""
        return self

    def save(self, path: Path, **notes: str) -> str:
        """Write parameters and buffers as float16, with the architecture and notes in the header; returns the SHA-256 of the file."""
        tensors = {k: v.detach().to(torch.float16) for k, v in self.kept.state_dict().items()}
        return write_weights(path, tensors, {"architecture": json.dumps(self.architecture, sort_keys=True), **notes})

    def start_from(self, path: Path) -> None:
        """Take the parameters in a file that `save` wrote; raises DataError where they do not fit."""
        load_into(self.kept, read_weights(path)[0])

    @classmethod
    def load(cls, path: Path, sha256: str | None = None) -> Self:
        """The network in a file that `save` wrote, in float32, fixed.

        Raises DataError where the file is absent or does not describe itself, UnsafeInput where it has another hash.
        """
        tensors, header = read_weights(path, sha256)
        with bounded(path, tensors, f"use a file written by {cls.__name__}.save"):
            out = cls(**json.loads(header["architecture"]))
            load_into(out.kept, tensors)
        return out.eval().requires_grad_(False)
