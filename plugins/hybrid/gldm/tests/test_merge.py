import torch

from mridiff_gldm.merge import merge
from mridiff_sdk.sampling_patterns import interleaved


def kspace(frames=8, n=12):
    return torch.randn(1, frames, n, n, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)


def test_a_comb_of_R_frames_fills_every_line_exactly_once():
    k, mask = kspace(), interleaved((8, 12, 12), 4, 0)[None].double()
    assert torch.equal(mask[:, :4].sum(1), torch.ones(1, 12, 12, dtype=torch.float64))
    merged = merge(mask * k, mask, 4)
    for start in (0, 4):
        once = (mask * k)[:, start : start + 4].sum(1)
        assert torch.equal(merged[:, start : start + 4], once[:, None].expand(-1, 4, -1, -1))
    assert not torch.equal(merged[:, 0], merged[:, 4])


def test_a_frame_keeps_its_own_samples_and_hits_are_averaged():
    k, mask = kspace(), interleaved((8, 12, 12), 4, 4)[None].double()
    merged = merge(mask * k, mask, 8)
    assert torch.equal(merged[mask > 0], k[mask > 0])  # the centre too, which all frames have measured
    torch.testing.assert_close(merged[0, 0, 1], (k[0, 1, 1] + k[0, 5, 1]) / 2)  # line 1 belongs to the frames 1 and 5


def test_what_no_frame_measured_stays_empty():
    k, mask = kspace(), interleaved((8, 12, 12), 4, 0)[None].double()
    merged = merge(mask * k, mask, 3)
    assert not merged[:, :3, 3::4].any() and merged[:, :3, 2::4].all()
    assert merged.shape == k.shape and merged[:, 6:, 2::4].all() and not merged[:, 6:, 0::4].any()  # a last group of two


def test_nothing_outside_of_the_mask_is_read():
    k, mask = kspace(), interleaved((8, 12, 12), 4, 4)[None].double()
    poisoned = torch.where(mask > 0, k, torch.full_like(k, complex(float("nan"), float("nan"))))
    assert torch.equal(merge(poisoned, mask, 4), merge(mask * k, mask, 4))
