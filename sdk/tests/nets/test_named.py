import hashlib

import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff.spec import Weights
from mridiff_sdk.nets.described import Described
from mridiff_sdk.nets.named import named


class Net(Described):
    def __init__(self, width):
        super().__init__()
        self.architecture = {"width": width}


@pytest.fixture
def package(tmp_path):
    Net(3).save(tmp_path / "own.safetensors")
    return tmp_path, {"own": Weights("own.safetensors", hashlib.sha256((tmp_path / "own.safetensors").read_bytes()).hexdigest(), "MIT")}


def test_a_name_is_the_shipped_file_and_anything_else_a_path(package):
    folder, shipped = package
    Net(5).save(folder / "other.safetensors")
    assert named(Net, "own", shipped, folder, "net").architecture == {"width": 3}
    assert named(Net, str(folder / "other.safetensors"), shipped, folder, "net").architecture == {"width": 5}


def test_neither_a_name_nor_a_file_is_one_clear_error(package):
    folder, shipped = package
    with pytest.raises(DataError, match=r"'liver'.*known: own") as caught:
        named(Net, "liver", shipped, folder, "net")
    assert "mridiff train net" in str(caught.value.hint)


def test_a_shipped_file_that_was_changed_is_refused(package):
    folder, shipped = package
    Net(4).save(folder / "own.safetensors")
    with pytest.raises(UnsafeInput, match="SHA-256"):
        named(Net, "own", shipped, folder, "net")
