"""The path of real weights, whole: networks in a local folder, decoders fitted to them, pictures from responses."""

import pytest
import torch

import mridiff_priors.latent as latent
from mridiff.interfaces import Problem, Streams
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_neuraldiffuser.prior import FeatureGuided
from mridiff_neuraldiffuser.sampler import NeuralDiffuser
from mridiff_neuraldiffuser.train import training
from mridiff_sdk.training import Run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The shipped networks as their user would keep others: a folder."""
    import shutil
    from pathlib import Path

    kept = tmp_path_factory.mktemp("networks") / "tiny"
    with latent.unpacked(Path(latent.__file__).parents[1] / latent.LATENT["tiny"].file) as found:
        shutil.copytree(found, kept)
    return kept


@pytest.fixture(scope="module")
def decoders(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("decoders")
    training(Run(out), stack=str(folder), stimuli=60, noise=1.0, rank=16).model.save(out / "weights.safetensors")
    return out / "weights.safetensors"


def test_networks_in_a_folder_get_decoders_and_give_pictures(folder, decoders):
    prior = FeatureGuided(weights=str(folder), decoders=str(decoders)).eval()
    scan = SimFMRI(split="train", stimuli=1, noise=1.0)[0]
    problem = Problem.of(None, scan.measured, space=prior.codec.domain(prior.space))
    with torch.no_grad():
        x = NeuralDiffuser(prior, steps=4)(problem, Streams.of(0, samples=2))
    assert x.shape == (2, 3, prior.stack.size, prior.stack.size) and float(x.min()) >= 0 and float(x.max()) <= 1


def test_a_vision_tower_of_its_own_folder_guides_as_well(folder, decoders):
    one, two = (FeatureGuided(weights=str(folder), vision=v, decoders=str(decoders)) for v in ("", str(folder / "image_encoder")))
    x = SimFMRI()[0].truth["x"].data
    with torch.no_grad():
        assert torch.equal(one.features(x)["feature-3"], two.features(x)["feature-3"])


def test_every_second_layer_and_a_vision_tower_of_its_own_can_be_decoded(folder, tmp_path):
    task = training(Run(tmp_path), stack=str(folder), vision=str(folder / "image_encoder"), every=2, stimuli=10, rank=2)
    task.model.save(tmp_path / "weights.safetensors")
    prior = FeatureGuided(weights=str(folder), decoders=str(tmp_path / "weights.safetensors"))
    assert prior.decoders.layers == [2, 4] and list(prior.features(SimFMRI()[0].truth["x"].data)) == ["feature-2", "feature-4"]


def test_fitting_again_gives_the_same_decoders_which_know_their_stimuli(folder, decoders, tmp_path):
    again = training(Run(tmp_path), stack=str(folder), stimuli=60, noise=1.0, rank=16)
    found = FeatureGuided(weights=str(folder), decoders=str(decoders))
    kept = found.decoders.state_dict()
    assert all(torch.equal(v.half().float(), kept[k]) for k, v in again.model.state_dict().items())
    assert "split train" in again.data and not again.stages
    scans = list(SimFMRI(split="train", stimuli=60, noise=1.0))
    g = found.features(torch.cat([s.truth["x"].data for s in scans]))["feature-1"]
    guess = found.decoders(torch.cat([s.measured.conditions["voxels"].data for s in scans]))["feature-1"].data
    assert float((guess - g).square().mean()) < 0.8 * float((g.mean(0) - g).square().mean())
