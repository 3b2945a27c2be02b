import pytest
import torch
from torch import nn

from mridiff.errors import DataError, UnsafeInput
from mridiff_sdk.nets.described import Described
from mridiff_sdk.seeds import seeded_layers


class Tiny(Described):
    def __init__(self, width):
        super().__init__()
        self.architecture = {"width": width}
        self.mix = nn.Linear(2, width)


def test_a_file_says_how_to_build_its_network(tmp_path):
    with seeded_layers(0):
        made = Tiny(3)
    sha256 = made.save(tmp_path / "w.safetensors", note="a")
    found = Tiny.load(tmp_path / "w.safetensors", sha256)
    assert found.architecture == {"width": 3} and not found.training and not found.mix.weight.requires_grad
    torch.testing.assert_close(found.mix.weight, made.mix.weight.detach(), atol=1e-3, rtol=1e-3)


def test_refuses_another_hash_and_another_network(tmp_path):
    class Other(Described):
        def __init__(self, depth):
            super().__init__()
            self.architecture = {"depth": depth}

    Other(1).save(tmp_path / "w.safetensors")
    with pytest.raises(UnsafeInput):
        Other.load(tmp_path / "w.safetensors", "0" * 64)
    with pytest.raises(DataError, match=r"does not describe a network that is known here.*Tiny"):
        Tiny.load(tmp_path / "w.safetensors")
