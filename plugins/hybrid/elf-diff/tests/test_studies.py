"""False edges, by hand."""

import torch

from mridiff_elf_diff.false_edges import energy, false_edges


def test_energy_is_that_of_a_ramp():
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(9.0), indexing="ij")
    torch.testing.assert_close(energy((3 * y + 4 * x)[None]), torch.full((1, 8, 9), 25.0))


def test_false_edges_count_outside_alone():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 48), torch.linspace(-1, 1, 48), indexing="ij")
    reference = (1.0 * (x**2 + y**2 < 0.4) * (2 + torch.cos(9 * x)))[None]
    within = reference * (1 + 0.3 * (x**2 + y**2 < 0.2) * torch.sin(30 * y))
    wrong = reference + 0.5 * ((x > 0.8) & (y > 0.8))
    plain = float(false_edges(reference, reference))
    assert plain == 0
    assert float(false_edges(within, reference)) == 0
    assert float(false_edges(wrong, reference)) > 0.1
    torch.testing.assert_close(false_edges(torch.polar(wrong, 3 * x[None]), reference), false_edges(wrong, reference))
