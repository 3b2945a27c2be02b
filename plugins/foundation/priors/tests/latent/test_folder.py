import json

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff_priors.latent.folder import MARK, pack, unpacked
from mridiff_sdk.io import read_weights, write_weights


def test_a_folder_comes_back_as_it_was_up_to_half_precision(folder, tmp_path):
    sha256 = pack(folder, tmp_path / "packed.safetensors", licence="MIT")
    assert read_weights(tmp_path / "packed.safetensors")[1]["licence"] == "MIT"
    with unpacked(tmp_path / "packed.safetensors", sha256) as back:
        places = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
        assert {p.relative_to(back) for p in back.rglob("*") if p.is_file()} == places and len(places) > 8
        for place in places:
            if place.suffix == ".json":
                assert json.loads((back / place).read_text()) == json.loads((folder / place).read_text())  # nothing else is lost
            else:
                was, found = read_weights(folder / place)[0], read_weights(back / place)[0]
                assert was.keys() == found.keys()
                assert all(torch.equal(found[k], was[k].half().float() if was[k].is_floating_point() else was[k]) for k in was)
    assert not back.exists()
    with unpacked(tmp_path / "packed.safetensors") as back:
        config = json.loads((back / "vae" / "config.json").read_text())
        (back / "vae" / "config.json").write_text(json.dumps({**config, "_name_or_path": str(back)}))
        assert pack(back, tmp_path / "again.safetensors", licence="MIT") == sha256


@pytest.mark.parametrize("place", ["../out.json", "/etc/out.json"])
def test_a_place_outside_of_the_folder_is_refused(place, tmp_path):
    write_weights(tmp_path / "bad.safetensors", {"a/b.safetensors:w": torch.ones(2)}, {MARK: "yes", place: "{}"})
    with pytest.raises(UnsafeInput), unpacked(tmp_path / "bad.safetensors"):
        pass
    write_weights(tmp_path / "bad.safetensors", {f"{place}:w": torch.ones(2)}, {MARK: "yes"})
    with pytest.raises(UnsafeInput), unpacked(tmp_path / "bad.safetensors"):
        pass


def test_other_files_and_changed_ones_are_refused(folder, tmp_path):
    write_weights(tmp_path / "other.safetensors", {"w": torch.ones(2)})
    with pytest.raises(DataError, match="packed folder"), unpacked(tmp_path / "other.safetensors"):
        pass
    pack(folder, tmp_path / "packed.safetensors")
    with pytest.raises(UnsafeInput), unpacked(tmp_path / "packed.safetensors", "0" * 64):
        pass
