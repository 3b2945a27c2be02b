from dataclasses import replace

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff.interfaces import Field, Gaussian, Measured, Problem
from mridiff_neuraldiffuser import prior as module
from mridiff_neuraldiffuser.decoders import Decoders
from mridiff_neuraldiffuser.prior import FeatureGuided


def test_the_distance_is_the_weighted_error_of_every_layer(prior, pictures):
    x, y = pictures(4).split(2)
    with torch.no_grad():
        target, found = prior.features(y), prior.features(x)
        conditions = {k: Field(v, ("token", "channel")) for k, v in target.items()}
        assert float(prior.distance(y, conditions).abs().max()) < 1e-9
        inverse = {k: 1 / v.flatten(1).norm(dim=1) for k, v in target.items()}
        total, emphasis = sum(inverse.values()), dict(zip(target, (1.5, 1.2, 1.0, 1.0), strict=True))
        expected = sum(emphasis[k] * inverse[k] / total * (found[k] - target[k]).square().flatten(1).mean(1) for k in target)
        torch.testing.assert_close(prior.distance(x, conditions), expected)


def test_features_are_the_layers_of_the_vision_tower_and_the_first_come_first(prior, pictures):
    with torch.no_grad():
        all_, states = prior.features(pictures()), prior.stack.look(pictures())[0]
        assert list(all_) == [f"feature-{n}" for n in (1, 2, 3, 4)] and torch.equal(all_["feature-2"], states[1])
        assert list(FeatureGuided(layers=1).features(pictures())) == ["feature-1"]


def test_what_a_problem_holds_already_is_not_decoded(prior, pose):
    own = torch.zeros(2, 17, 64)
    decoded, given = prior.conditions(pose()), prior.conditions(pose(feature_2=own))
    assert torch.equal(given["feature-2"].data, own) and not torch.equal(decoded["feature-2"].data, own)
    assert all(torch.equal(decoded[k].data, given[k].data) for k in decoded if k != "feature-2")
    assert {k: tuple(f.data.shape[1:]) for k, f in decoded.items()} == {"latent": (4, 8, 8), "text": (24, 64)} | {
        f"feature-{n}": (17, 64) for n in (1, 2, 3, 4)
    }


def test_scans_that_do_not_fit_are_refused(prior):
    def problem(**conditions):
        return Problem.of(None, Measured(None, Gaussian(), conditions=conditions), space=prior.space)

    with pytest.raises(DataError, match="no voxel responses"):
        prior.conditions(problem())
    with pytest.raises(DataError, match="800 voxels"):
        prior.conditions(problem(voxels=Field(torch.zeros(1, 5), ("voxel",))))


def test_decoders_are_checked_by_hash_and_against_the_networks(tmp_path, monkeypatch):
    Decoders(800, {"latent": (4, 4, 4), "text": (24, 64), "feature-1": (17, 64)}, 2).save(tmp_path / "other.safetensors")
    with pytest.raises(DataError, match="latents"):
        FeatureGuided(decoders=str(tmp_path / "other.safetensors"))
    Decoders(800, {"latent": (4, 8, 8), "text": (24, 64), "feature-9": (17, 64)}, 2).save(tmp_path / "deep.safetensors")
    with pytest.raises(DataError, match="9 vision layers"):
        FeatureGuided(decoders=str(tmp_path / "deep.safetensors"))
    with pytest.raises(DataError, match="no weights 'nsd'"):
        FeatureGuided(decoders="nsd")
    monkeypatch.setattr(module, "WEIGHTS", {"sim-fmri": replace(module.WEIGHTS["sim-fmri"], sha256="0" * 64)})
    with pytest.raises(UnsafeInput):
        FeatureGuided()
