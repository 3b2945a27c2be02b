import pytest
import torch

from mridiff.interfaces import Blocks, Gaussian, Poisson
from mridiff_datasets.pet_mr import ACTIVITY, PetMrPhantom
from mridiff_datasets.pet_mr_head import Phantom, blurred
from mridiff_sdk.metrics import contrast


def test_spots_are_seen_by_their_own_modality_alone():
    hot, odd, other = [], [], []
    for n in range(20):
        head = Phantom().head(n)
        assert bool(head.spots[0].any()) and not bool((head.spots[0] & head.spots[1]).all())
        pet, mr = (contrast(image[None], head.spots[:1]) for image in head.images)
        hot.append(float(pet))
        other.append(float(mr))
        odd.append(bool(head.spots[1].any()))
    assert sum(h > 0.05 for h in hot) >= 18
    assert abs(sum(other)) / 20 < 0.2 * sum(hot) / 20  # what MR shows there is anatomy, by chance
    assert 5 < sum(odd) < 20


@pytest.mark.parametrize("contrast", ["brain", "any"])
def test_both_modalities_share_their_edges_but_not_their_values(contrast):
    related = []
    for n in range(30):
        pet, mr = Phantom(contrast=contrast).head(n).images
        inside = mr > 0.05
        related.append(float(torch.corrcoef(torch.stack((pet[inside], mr[inside])))[0, 1]))
        assert float((pet > 0.01).float()[inside].mean()) > 0.9
    assert abs(sum(related) / 30) < 0.4 and min(related) < 0 < max(related)


def test_a_subject_is_its_number_alone():
    a, b = Phantom().head(5), Phantom().head(5)
    assert torch.equal(a.images, b.images) and not torch.equal(a.images, Phantom().head(6).images)
    assert not torch.equal(a.images, Phantom(seed=1).head(5).images)
    assert a.images.dtype == torch.float32 and float(a.images.min()) >= 0


def test_a_blur_keeps_the_sum_and_has_its_width():
    point = torch.zeros(1, 41, 41, dtype=torch.float64)
    point[0, 20, 20] = 1
    x = blurred(point, 6.0)[0]
    assert float(x.sum()) == pytest.approx(1)
    assert float(x[20, 23] / x[20, 20]) == pytest.approx(0.5) == float(x[17, 20] / x[20, 20])


def test_a_scan_has_the_counts_that_were_asked_for():
    scans = list(PetMrPhantom(subjects=6, counts=2e4, background=0.25))
    for scan in scans:
        pet, mr = scan.measured.noise.parts
        counts, k = scan.measured.y
        activity = scan.truth["x"].data[0, 0].mean()
        expected = 2e4 * (float(activity) / ACTIVITY + 0.25)
        assert float(counts.sum()) == pytest.approx(expected, abs=5 * expected**0.5)
        assert pet.background * counts.numel() == pytest.approx(0.25 * 2e4) and isinstance(pet, Poisson)
        (mask,) = scan.measured.require("mask")
        assert mr == Gaussian(0.02) and not bool(k[mask.expand_as(k) == 0].any())
        assert float(mask.mean()) == pytest.approx(1 / 3, abs=0.02)
    masks = torch.cat([s.measured.acquisition["mask"].data for s in scans])
    assert len({tuple(m[0].tolist()) for m in masks}) == 6 and isinstance(scans[0].measured.noise, Blocks)


def test_without_noise_the_level_is_unknown_and_k_space_exact():
    scan = PetMrPhantom(acceleration=1.0, noise_std=0.0)[0]
    assert scan.measured.noise.parts[1] == Gaussian(None)
    v = torch.fft.fftshift(torch.fft.ifft2(torch.fft.ifftshift(scan.measured.y[1], dim=(-2, -1)), norm="ortho"), dim=(-2, -1))
    torch.testing.assert_close(v.real, scan.truth["x"].data[:, 1], atol=1e-5, rtol=0)


def test_a_blur_of_an_image_that_is_not_square_keeps_what_it_holds_in_its_place():
    image = torch.zeros(1, 20, 30)
    image[0, 8, 21] = 1.0
    wide = blurred(image, 3.0)
    assert wide.shape == image.shape and int(wide.argmax()) == int(image.argmax()) and abs(float(wide.sum()) - 1) < 1e-5
    torch.testing.assert_close(blurred(image.mT, 3.0).mT, wide)
