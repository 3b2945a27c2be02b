import hashlib
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from mridiff.errors import DataError, SpecError, UnsafeInput
from mridiff.interfaces import Space
from mridiff.spec import Weights
from mridiff_sdk.diffusions import VE
from mridiff_sdk.nets.described import Described
from mridiff_sdk.nets.named import NetworkPrior, named, weights_folder


class Net(Described):
    def __init__(self, width):
        super().__init__()
        self.architecture = {"width": width}


@pytest.fixture
def package(tmp_path):
    Net(3).save(tmp_path / "own.safetensors")
    return tmp_path / "module.py", {
        "own": Weights("own.safetensors", hashlib.sha256((tmp_path / "own.safetensors").read_bytes()).hexdigest(), "MIT")
    }


def test_a_name_is_the_shipped_file_and_anything_else_a_path(package):
    module, shipped = package
    folder = module.parent
    Net(5).save(folder / "other.safetensors")
    assert named(Net, "own", shipped, str(module), "net").architecture == {"width": 3}
    assert named(Net, str(folder / "other.safetensors"), shipped, str(module), "net").architecture == {"width": 5}


def test_neither_a_name_nor_a_file_is_one_clear_error(package):
    module, shipped = package
    with pytest.raises(DataError, match=r"'liver'.*known: own") as caught:
        named(Net, "liver", shipped, str(module), "net")
    assert "mridiff train net" in str(caught.value.hint)


def test_a_shipped_file_that_was_changed_is_refused(package):
    module, shipped = package
    Net(4).save(module.parent / "own.safetensors")
    with pytest.raises(UnsafeInput, match="SHA-256"):
        named(Net, "own", shipped, str(module), "net")


@pytest.fixture
def elsewhere(package, tmp_path, monkeypatch):
    """Weights that are declared and do not come with the package; where their user would put them; their file."""
    module, shipped = package
    file = module.parent / "own.safetensors"
    kept = file.rename(tmp_path / "fetched.safetensors")
    monkeypatch.setenv("MRIDIFF_WEIGHTS", str(tmp_path / "weights"))
    own = replace(shipped["own"], url="https://example.org/own.safetensors")
    return str(module), {"own": own}, tmp_path / "weights" / f"own-{own.sha256[:12]}.safetensors", kept


def test_weights_that_lie_elsewhere_are_asked_for_and_never_fetched(elsewhere, monkeypatch):
    module, shipped, place, _ = elsewhere
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(DataError) as caught:
        named(Net, "own", shipped, module, "net")
    words = (str(place), "https://example.org/own.safetensors", shipped["own"].sha256, "licence MIT", "MRIDIFF_WEIGHTS")
    assert all(word in str(caught.value) for word in words)


def test_fetched_weights_are_found_and_their_hash_is_checked(elsewhere):
    module, shipped, place, kept = elsewhere
    place.parent.mkdir()
    place.write_bytes(kept.read_bytes())
    assert named(Net, "own", shipped, module, "net").architecture == {"width": 3}
    Net(4).save(place)
    with pytest.raises(UnsafeInput, match="SHA-256"):
        named(Net, "own", shipped, module, "net")


def test_a_file_in_the_package_comes_first(elsewhere):
    module, shipped, _, kept = elsewhere
    kept.rename(Path(module).parent / "own.safetensors")
    assert named(Net, "own", shipped, module, "net").architecture == {"width": 3}


def test_the_folder_of_weights_is_in_the_users_cache_if_nothing_else_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("MRIDIFF_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert weights_folder() == tmp_path / "mridiff" / "weights"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert weights_folder() == tmp_path / ".cache" / "mridiff" / "weights"


def test_a_place_to_fetch_from_is_a_safe_one():
    with pytest.raises(SpecError, match="https"):
        Weights("own.safetensors", "0" * 64, "MIT", url="http://example.org/own.safetensors")


class Doubling(nn.Module):
    def forward(self, x, t):
        return 2 * x + t


class Twice(NetworkPrior[Doubling]):
    space = Space(("y", "x"))


def test_the_estimate_of_a_network_prior_is_one_call_of_its_network():
    prior, x = Twice(Doubling(), VE()), torch.ones(1, 2, 2)
    assert torch.equal(prior(x, 0.5), 2 * x + 0.5) and prior.model in list(prior.children())
