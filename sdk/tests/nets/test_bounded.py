"""A network is built as its file says, with no more than that file can fill."""

import json

import pytest
import torch
from torch import nn

from mridiff.errors import DataError
from mridiff_sdk.io.weights import read_weights, write_weights
from mridiff_sdk.nets.bounded import ALLOWANCE, bounded
from mridiff_sdk.nets.converted import Converted
from mridiff_sdk.nets.preconditioned import Preconditioned

HELD = {"a": torch.zeros(1000)}


def test_what_a_file_can_fill_is_built():
    with bounded("w.safetensors", HELD):
        net = nn.Linear(1000, 1000, bias=False)
    assert net.weight.shape == (1000, 1000)
    nn.Linear(2000, 2000)  # outside, nothing is counted


@pytest.mark.parametrize("make", [
    lambda: nn.Linear(10**6, 10**6), lambda: [nn.Linear(10**3, 10**3) for _ in range(10**6)], lambda: nn.BatchNorm1d(ALLOWANCE),
    lambda: nn.Sequential(*(nn.ReLU() for _ in range(10**5))), lambda: nn.Sequential(nn.Conv2d(3000, 3000, 3)),
])  # fmt: skip
def test_what_it_cannot_fill_is_not(make):
    with (
        pytest.raises(DataError, match=r"w\.safetensors: (its description asks for more than|it does not describe)"),
        bounded("w.safetensors", HELD),
    ):
        make()


def test_whatever_goes_wrong_is_one_error():
    for error in (KeyError("net"), RuntimeError("negative"), RecursionError(), MemoryError()):
        with pytest.raises(DataError, match=type(error).__name__), bounded("w.safetensors", HELD):
            raise error
    nn.Linear(2000, 2000)


NET = {"widths": [8, 8], "blocks": [1, 1], "features": 8}


@pytest.mark.parametrize("change", [
    {"net": {**NET, "widths": [10**6, 8]}}, {"net": {**NET, "widths": [-8, 8]}}, {"net": {**NET, "widths": []}}, {"net": {**NET, "features": 10**7}},
    {"net": {**NET, "blocks": [10**9, 1]}}, {"net": {**NET, "unshuffle": 10**9}}, {"net": {**NET, "dims": 10**6}}, {"net": {**NET, "unknown": 1}},
    {"net": [1]}, {"net": None}, {"sigma_range": [1]}, {"sigma_range": 3}, {"sigma_range": ["a", "b"]}, {"sigma_data": "x"}, {"sigma_data": None},
])  # fmt: skip
def test_a_header_that_lies_is_one_error(tmp_path, change):
    path = tmp_path / "w.safetensors"
    Preconditioned(NET, 0.5, (0.01, 1.0)).save(path)
    tensors, header = read_weights(path)
    write_weights(path, tensors, {"architecture": json.dumps({**json.loads(header["architecture"]), **change})})
    with pytest.raises(DataError, match=r"w\.safetensors"):
        Preconditioned.load(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 10**5, "null", "{}", '{"network": "edm", "layout": {}}', "1e999"])
def test_a_header_that_is_none_is_one_error(tmp_path, text):
    path = tmp_path / "w.safetensors"
    write_weights(path, HELD, {"converted": text})
    with pytest.raises(DataError, match=r"w\.safetensors: it does not describe a network"):
        Converted.load(path)
