import pytest
import torch

from mridiff_datasets.support import complete, full_axes, sampled


def test_full_kspace_with_chance_zeros_is_full(kspace):
    kspace[:, 3, 5] = 0
    kspace[:, 0, 0] = 0
    support = sampled(kspace)
    assert bool(support.all()) and complete(support) and full_axes(support) == (-2, -1)


def test_lines_are_found_exactly_and_are_not_full(kspace, lines):
    support = sampled(torch.where(lines, kspace, 0))
    assert torch.equal(support, lines) and not complete(support) and full_axes(support) == (-2,)


def test_points_are_found_exactly_and_are_not_full(kspace):
    points = torch.rand(40, 36, generator=torch.Generator().manual_seed(0)) < 0.4
    support = sampled(torch.where(points, kspace, 0))
    assert torch.equal(support, points) and not complete(support) and full_axes(support) == ()


def test_edges_never_taken_leave_it_full(kspace):
    padded = kspace.clone()
    padded[..., :5] = 0
    padded[..., -4:] = 0
    assert complete(sampled(padded))
    y, x = torch.meshgrid(torch.linspace(-1, 1, 40), torch.linspace(-1, 1, 36), indexing="ij")
    ellipse = y**2 + x**2 <= 1
    support = sampled(torch.where(ellipse, kspace, 0))
    assert torch.equal(support, ellipse) and complete(support)


@pytest.mark.parametrize("width", [6, 18])
def test_a_central_block_alone_is_not_full(kspace, width):
    low = torch.zeros_like(kspace)
    low[..., 18 - width // 2 : 18 + width // 2] = kspace[..., 18 - width // 2 : 18 + width // 2]
    assert not complete(sampled(low))
