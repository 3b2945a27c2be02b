"""Trials that somebody could have: decoders are fitted to a file, another file is decoded by them, and voxels that are not theirs refused."""

import numpy as np
import pytest
import torch

from mridiff import Registry, load, open_scans
from mridiff.errors import DataError
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_neuraldiffuser.decoders import TEXT, Decoders
from mridiff_neuraldiffuser.train import Trials, training
from mridiff_sdk.fits import fits
from mridiff_sdk.stimuli import caption
from mridiff_sdk.training import Run

VOXELS = 300


def write(path, split, count, voxels=VOXELS, **more):
    scans = list(SimFMRI(split=split, stimuli=count))
    responses = torch.cat([s.measured.conditions["voxels"].data[:, :voxels] for s in scans])
    pictures = (255 * torch.cat([s.truth["x"].data for s in scans])).round().byte().permute(0, 2, 3, 1)
    np.savez(path, responses=responses.numpy(), pictures=pictures.numpy(), **more)
    return path


@pytest.fixture(scope="module")
def decoders(tmp_path_factory):
    folder, data = tmp_path_factory.mktemp("own"), SimFMRI(split="train", stimuli=40)
    path = write(folder / "train.npz", "train", 40, captions=np.array([caption(data.scene(i)) for i in range(40)]))
    task = training(Run(folder), trials=Trials(path), rank=8)
    assert "Responses to 40 pictures (`train.npz`)" in task.data and task.licence != "Apache-2.0"
    task.model.save(folder / "weights.safetensors")
    return folder / "weights.safetensors"


def test_decoders_of_ones_own_trials_decode_others_of_the_same_person(decoders, tmp_path):
    (scan,) = open_scans(write(tmp_path / "test.npz", "test", 1))
    priors = {"prior": {"options": {"decoders": str(decoders)}}}
    result = load("neuraldiffuser", samples=1, priors=priors, sampler={"options": {"steps": 4}})(scan)
    assert scan.id == "test-000" and result.x.shape == (1, 3, 32, 32) and result.metrics["x"]["psnr"] > 5


def test_a_file_with_other_voxels_is_refused_and_found_unfit(tmp_path):
    path = write(tmp_path / "a.npz", "test", 1)
    with pytest.raises(DataError, match=r"these decoders read 800 voxels; the scan has \(300,\)") as told:
        load("neuraldiffuser", samples=1)(open_scans(path)[0])
    assert "mridiff train feature-guided-ldm" in told.value.hint
    registry = Registry.discover()
    reasons = fits(open_scans(path).contents()[0], registry.find("dataset", "fmri-responses"), registry)
    assert "800 voxels" in reasons["neuraldiffuser"] and all(reasons.values())


def test_the_voxels_of_the_shipped_decoders_fit(tmp_path):
    registry = Registry.discover()
    told = open_scans(write(tmp_path / "a.npz", "test", 1, voxels=800)).contents()[0]
    found = fits(told, registry.find("dataset", "fmri-responses"), registry)
    assert [name for name, reason in found.items() if not reason] == ["neuraldiffuser"]


def test_without_captions_the_text_is_empty_and_without_pictures_nothing_is_fitted(tmp_path):
    task = training(Run(tmp_path), trials=Trials(write(tmp_path / "a.npz", "train", 12)), rank=2)
    assert isinstance(task.model, Decoders)
    found = task.model(torch.randn(2, VOXELS))[TEXT].data
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-4)
    np.savez(tmp_path / "bare.npz", responses=np.ones((12, VOXELS)))
    with pytest.raises(DataError, match="12 scans have no picture"):
        training(Run(tmp_path), trials=Trials(tmp_path / "bare.npz"), rank=2)
