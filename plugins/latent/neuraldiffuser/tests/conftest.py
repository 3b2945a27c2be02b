import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Measured, Problem
from mridiff_datasets.sim_fmri import SimFMRI


@pytest.fixture(scope="session")
def prior():
    from mridiff_neuraldiffuser.prior import FeatureGuided

    return FeatureGuided().eval()


@pytest.fixture(scope="session")
def pose(prior):
    """A problem of the first test scenes, one sample each, with conditions given beside the responses."""

    def make(count=2, **given):
        scans = list(SimFMRI(stimuli=count))
        voxels = torch.cat([s.measured.conditions["voxels"].data for s in scans])
        fields = {
            name.replace("_", "-"): Field(v, ("channel", "y", "x") if v.ndim == 4 else ("token", "channel")) for name, v in given.items()
        }
        measured = Measured(None, Gaussian(), conditions={"voxels": Field(voxels, ("voxel",)), **fields})
        return Problem.of(None, measured, space=prior.codec.domain(prior.space))

    return make


@pytest.fixture(scope="session")
def pictures():
    def make(count=2):
        return torch.cat([s.truth["x"].data for s in SimFMRI(stimuli=count)])

    return make
