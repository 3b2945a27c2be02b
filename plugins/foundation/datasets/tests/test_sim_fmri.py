import pytest
import torch

from mridiff.interfaces import Streams
from mridiff_datasets.sim_fmri import SimFMRI
from mridiff_datasets.voxels import IT, V1, V4, energies, voxels
from mridiff_sdk.ridge import Ridge
from mridiff_sdk.stimuli import scene


def arrays(split, count, **options):
    scans = list(SimFMRI(split=split, stimuli=count, size=16, **options))
    return (torch.cat([s.measured.conditions["voxels"].data for s in scans]), torch.cat([s.truth["x"].data for s in scans]),
            torch.cat([s.truth["attributes"].data for s in scans]))  # fmt: skip


def test_a_scan_has_responses_and_a_picture_and_no_measurement():
    scan = SimFMRI(size=16)[0]
    assert scan.measured.y is None and scan.measured.conditions["voxels"].data.shape == (1, V1 + V4 + IT)
    assert scan.truth["x"].data.shape == (1, 3, 16, 16) and scan.truth["x"].axes == ("channel", "y", "x")


def test_splits_share_no_scene():
    shown = [{data.scene(i) for i in range(50)} for data in (SimFMRI(split=s, stimuli=50) for s in ("train", "validation", "test"))]
    assert not (shown[0] & shown[1] or shown[0] & shown[2] or shown[1] & shown[2])
    with pytest.raises(IndexError):
        SimFMRI(stimuli=2)[2]


def test_noise_free_responses_are_standardised_and_depend_on_what_is_seen():
    subject = voxels(16, 0)
    scenes = [scene(n) for n in range(1000, 1300)]
    x, counts = torch.stack([s.picture(16) for s in scenes]), torch.stack([s.counts() for s in scenes])
    found = subject.responses(x, counts)
    assert float(found.mean().abs()) < 0.1 and float(found.std()) == pytest.approx(1, abs=0.1)
    other = subject.responses(x.flip(-1), counts)
    assert torch.equal(other[:, V1 + V4 :], found[:, V1 + V4 :]) and not torch.equal(other[:, :V1], found[:, :V1])  # IT knows words alone
    alike = subject.responses(x, counts.flip(0))
    assert torch.equal(alike[:, : V1 + V4], found[:, : V1 + V4]) and not torch.equal(alike[:, V1 + V4 :], found[:, V1 + V4 :])


def test_noise_has_the_stated_level_shared_part_and_falls_with_trials():
    subject, rng = voxels(16, 0), Streams.of(0, "noise", 3000)
    drawn = subject.noise(2.0, 1, rng) / (2.0 * subject.noise_std)
    torch.testing.assert_close(drawn.std(0), torch.ones(drawn.shape[1]), atol=0.1, rtol=0)
    common = torch.linalg.eigvalsh(torch.cov(drawn.T)).flip(0)
    assert float(common[:5].sum() / common.sum()) == pytest.approx(0.3, abs=0.05)
    thrice = subject.noise(2.0, 3, Streams.of(1, "noise", 2000)) / (2.0 * subject.noise_std)
    assert float(thrice.std()) == pytest.approx(3**-0.5, rel=0.05)


def test_a_gabor_channel_answers_to_its_own_stripes():
    y = torch.arange(64) / 64
    stripes = 0.5 + 0.5 * torch.cos(2 * torch.pi * 8 * y)[:, None].expand(64, 64)
    found = energies(stripes.expand(1, 3, 64, 64)).mean((0, 2, 3))
    assert int(found.argmax()) == 4 + 2  # second wavelength (8 pixels), third orientation (along y)
    torch.testing.assert_close(found.max(), torch.tensor(0.5), rtol=0.01, atol=0)


def test_pictures_and_attributes_can_be_decoded_the_less_the_more_noise():
    shares = []
    for noise in (1.0, 4.0):
        (v, x, c), (vt, xt, ct) = arrays("train", 400, noise=noise), arrays("test", 50, noise=noise)
        row = []
        for y, truth in ((x, xt), (c, ct)):
            ridge = Ridge(v.shape[1], y.shape[1:], 32)
            ridge.fit(v, y)
            row.append(1 - float((ridge(vt) - truth).square().sum() / (truth - y.mean(0)).square().sum()))
        shares.append(row)
    assert shares[0][0] > 0.3 and shares[0][1] > 0.2
    assert shares[0][0] > shares[1][0] + 0.1 and shares[0][1] > shares[1][1] + 0.1
