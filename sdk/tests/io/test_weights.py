"""Weights: exact round trips, checksums, and complete reports of what does not fit."""

from __future__ import annotations

import hashlib
import os

import pytest
import torch
from torch import nn

from mridiff.errors import DataError, UnsafeInput
from mridiff_sdk.io.weights import HEADER_LIMIT, load_into, read_weights, write_weights


def tensors() -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(3, 2, dtype=torch.complex64, generator=rng)
    shared = torch.randn(4, generator=rng)
    return {"z": z, "conj": z.conj().T, "imag": z.conj().imag, "none": torch.zeros(0, 3), "a": shared, "b": shared, "n": torch.tensor(7)}


def test_round_trip_is_exact(tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = write_weights(path, tensors(), {"licence": "CC0", "seed": "0"})
    found, metadata = read_weights(path, sha256)
    assert metadata == {"licence": "CC0", "seed": "0"}
    assert found.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert torch.equal(found[name], tensor)
        assert found[name].dtype == tensor.dtype
    assert list(tmp_path.iterdir()) == [path]
    found["a"] += 1  # what was read can be written to


def test_same_content_gives_same_bytes(tmp_path):
    metadata = dict.fromkeys("abcdefgh", "x")
    hashes = {write_weights(tmp_path / f"{i}.safetensors", tensors(), metadata) for i in range(8)}
    assert hashes == {hashlib.sha256((tmp_path / "0.safetensors").read_bytes()).hexdigest()}


def test_one_changed_byte_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = write_weights(path, tensors())
    blob = bytearray(path.read_bytes())
    blob[-1] ^= 1
    path.write_bytes(blob)
    with pytest.raises(UnsafeInput, match=f"{sha256} is expected"):
        read_weights(path, sha256)


def test_oversize_header_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes((HEADER_LIMIT + 1).to_bytes(8, "little") + b"{}")
    with pytest.raises(UnsafeInput, match=f"claims {HEADER_LIMIT + 1} bytes"):
        read_weights(path)


@pytest.mark.parametrize("content", [b"", b"\x01", (2).to_bytes(8, "little") + b"[]", (9).to_bytes(8, "little") + b"{}"])
def test_damage_is_told(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"w\.safetensors: this is not a sound safetensors file"):
        read_weights(path)


def test_truncation_is_told(tmp_path):
    path = tmp_path / "w.safetensors"
    write_weights(path, tensors())
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match="not a sound"):
        read_weights(path)


def test_pickles_are_not_read(tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(UnsafeInput, match=r"is it a \.safetensors file"):
        read_weights(tmp_path / "w.safetensors")


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"gone\.safetensors"):
        read_weights(tmp_path / "gone.safetensors")


def test_half_precision_storage_loads_into_single():
    module = nn.Linear(2, 3)
    load_into(module, {"weight": torch.full((3, 2), 0.5, dtype=torch.float16), "bias": torch.ones(3)})
    assert module.weight.dtype == torch.float32
    assert torch.equal(module.weight.detach(), torch.full((3, 2), 0.5))


def test_every_difference_is_told_and_nothing_is_changed():
    module = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    given = {
        "0.weight": torch.zeros(2, 3),
        "0.bias": torch.zeros(3, dtype=torch.float64),
        "1.bias": torch.zeros(1),
        "2.bias": torch.zeros(1),
    }
    with pytest.raises(DataError) as caught:
        load_into(module, given)
    text = str(caught.value)
    assert "the weights do not fit Sequential" in text
    assert "missing: 1.weight" in text
    assert "unexpected: 2.bias" in text
    assert "0.weight: the shape is (2, 3), the model has (3, 2)" in text
    assert "0.bias: the dtype is torch.float64, the model has torch.float32" in text
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_single_precision_does_not_load_into_half():
    with pytest.raises(DataError, match=r"the dtype is torch\.float32"):
        load_into(nn.Linear(1, 1).half(), {"weight": torch.zeros(1, 1), "bias": torch.zeros(1, dtype=torch.float16)})


def test_a_hash_that_begins_alike_is_another(tmp_path):
    path = tmp_path / "w.safetensors"
    sha256 = write_weights(path, tensors())
    for other in (sha256[:-1] + ("0" if sha256[-1] != "0" else "1"), sha256[:8] + "0" * 56, sha256[:63]):
        with pytest.raises(UnsafeInput, match=f"its SHA-256 is {sha256}"):
            read_weights(path, other)


def test_tensors_begin_at_a_multiple_of_eight_bytes(tmp_path):
    for n in range(8):
        path = tmp_path / f"{n}.safetensors"
        write_weights(path, {"a": torch.ones(2)}, {"n": "x" * n})
        assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0
        assert torch.equal(read_weights(path)[0]["a"], torch.ones(2))


@pytest.mark.parametrize(("given", "wanted"), [
    (torch.float16, torch.float64), (torch.float32, torch.float64), (torch.float64, torch.float32), (torch.bfloat16, torch.float32),
    (torch.int64, torch.float32), (torch.complex64, torch.float32),
])  # fmt: skip
def test_only_half_for_single_precision_is_widened(given, wanted):
    with pytest.raises(DataError, match=f"the dtype is {given}, the model has {wanted}"):
        load_into(nn.Linear(1, 1, bias=False).to(wanted), {"weight": torch.zeros(1, 1).to(given)})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused(value):
    module = nn.Linear(2, 3)
    weight = torch.zeros(3, 2)
    weight[1, 1] = weight[2, 0] = value
    with pytest.raises(DataError, match="weight: 2 of 6 values are NaN or infinite"):
        load_into(module, {"weight": weight, "bias": torch.zeros(3)})
    assert torch.isfinite(module.weight).all()


def test_a_thousand_differences_are_counted_and_twenty_told():
    with pytest.raises(DataError) as caught:
        load_into(nn.Linear(1, 1), {f"layer{i}": torch.zeros(1) for i in range(1000)})
    assert "and 982 more" in str(caught.value) and len(str(caught.value)) < 1000
    net = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in range(50)))
    with pytest.raises(DataError, match="and 30 more"):
        load_into(net, {name: torch.zeros(2) for name in net.state_dict()})


@pytest.mark.parametrize("name", ["pipe", "folder", "zero", "gone", "a\0b"])
def test_what_is_no_ordinary_file_is_refused_instead_of_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="the weights cannot be read"):
        read_weights(tmp_path / name)
