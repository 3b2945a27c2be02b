"""Trials that somebody could have: decoders are fitted to a file, another file is decoded by them, and voxels that are not theirs refused."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from mridiff import Registry, open_scans
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


def recon(*words):
    line = [sys.executable, "-c", "from mridiff.cli import main; main()", "recon", "neuraldiffuser", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def decoders(tmp_path_factory):
    folder, data = tmp_path_factory.mktemp("own"), SimFMRI(split="train", stimuli=40)
    path = write(folder / "train.npz", "train", 40, captions=np.array([caption(data.scene(i)) for i in range(40)]))
    task = training(Run(folder), trials=Trials(path), rank=8)
    assert "Responses to 40 pictures (`train.npz`)" in task.data and task.licence != "Apache-2.0"
    task.model.save(folder / "weights.safetensors")
    return folder / "weights.safetensors"


def test_decoders_of_ones_own_trials_decode_others_of_the_same_person(decoders, tmp_path):
    path = write(tmp_path / "test.npz", "test", 1)
    options = ["--samples", "1", "--set", "sampler.options.steps=4", "--set", f"priors.prior.options.decoders={decoders}"]
    done = recon(path, "-o", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "test-000" / "record.json").read_text())
    assert record["config"]["dataset"]["use"] == "datasets/fmri-responses" and record["metrics"]["x"]["psnr"] > 5


def test_a_file_with_other_voxels_is_refused_once_and_found_unfit(tmp_path):
    path = write(tmp_path / "a.npz", "test", 2)
    done = recon(path, "-o", tmp_path / "out")
    assert done.returncode == 2 and "mridiff train" in done.stderr
    assert done.stderr.count("these decoders read 800 voxels; the scan has (300,)") == 1
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
