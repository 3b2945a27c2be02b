import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_operators.kt_cartesian import KtCartesianOperator
from mridiff_operators.noncartesian_sense import KtNonCartesianSense, NonCartesianSense, NonCartesianSense3D
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft
from mridiff_sdk.sampling_patterns import interleaved, radial

pytest.importorskip("finufft")


def normal(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.complex128)


def grid(*size):
    return torch.stack(torch.meshgrid(*(torch.arange(n) - n // 2 for n in size), indexing="ij"), -1).double()


def maps(*size):
    return simulate_maps(3, size, 0, torch.complex128)[None]


def test_on_the_lines_of_a_mask_it_is_sense():
    mask = torch.zeros(1, 8, 9, dtype=torch.float64)
    mask[:, ::2] = 1
    lines = grid(8, 9)[None, ::2]
    A, S, x = NonCartesianSense(maps(8, 9), lines), SenseOperator(maps(8, 9), mask), normal(2, 8, 9)
    torch.testing.assert_close(A(x), S(x)[:, :, ::2])
    torch.testing.assert_close(A.gram(x), S.gram(x))
    assert [*A.codomain.axes] == ["coil", "shot", "readout"]  # type: ignore[union-attr]


def test_every_frame_has_its_own_trajectory():
    mask = interleaved((3, 9, 8), 3, 0)[None].double()
    lines = torch.stack([grid(9, 8)[mask[0, f, :, 0] == 1] for f in range(3)])[None]
    one = torch.ones(1, 1, 9, 8, dtype=torch.complex128)
    x = normal(2, 3, 9, 8)
    A, C = KtNonCartesianSense(one, lines), KtCartesianOperator(mask)
    torch.testing.assert_close(A(x)[:, 0], C(x)[mask.expand(2, -1, -1, -1) == 1].reshape(2, 3, 3, 8))
    torch.testing.assert_close(A.gram(x), C.gram(x))


def test_a_volume_takes_three_channels_or_a_stack_of_two():
    S, x = maps(4, 6, 5), normal(1, 4, 6, 5)
    full = fft(S * x[:, None], (-3, -2, -1))
    A = NonCartesianSense3D(S, grid(4, 6, 5).reshape(1, 4, 30, 3))
    torch.testing.assert_close(A(x), full.reshape(1, 3, 4, 30))
    mask = torch.tensor([[1.0, 0, 1, 1]])
    B = NonCartesianSense3D(S, grid(6, 5)[None], mask=mask)
    torch.testing.assert_close(B(x), mask[:, None, :, None, None] * full)
    assert [*B.codomain.axes] == ["coil", "kz", "shot", "readout"]  # type: ignore[union-attr]


def test_the_first_look_at_spokes_has_the_size_of_the_image_and_its_adjoint_has_not():
    k = radial(40, 48, 24.0)[0][None]
    v, u = torch.meshgrid(torch.linspace(-1, 1, 24), torch.linspace(-1, 1, 24), indexing="ij")
    x = torch.exp(-8 * (u**2 + v**2))[None].to(torch.complex64)
    A = NonCartesianSense(simulate_maps(4, (24, 24), 0)[None], k)
    assert torch.linalg.vector_norm(A.rough(A(x)) - x) < 0.1 * torch.linalg.vector_norm(x)
    assert torch.linalg.vector_norm(A.H(A(x))) > 3 * torch.linalg.vector_norm(x)
    assert A.rough_name == "gridded"


def test_for_scan_takes_maps_trajectory_and_what_density_the_scan_knows():
    fields = {
        "trajectory": Field(grid(4, 4)[None], ("shot", "readout", "channel")),
        "sensitivity_maps": Field(maps(4, 4), ("coil", "y", "x")),
    }
    x = normal(1, 4, 4)
    A = NonCartesianSense.for_scan(Measured(None, Gaussian(), fields))
    torch.testing.assert_close(A.rough(A(x)), A.H(A(x)), rtol=0, atol=1e-3)
    halved = fields | {"density": Field(torch.full((1, 4, 4), 0.5), ("shot", "readout"))}
    torch.testing.assert_close(NonCartesianSense.for_scan(Measured(None, Gaussian(), halved)).rough(A(x)), 0.5 * A.H(A(x)))
    with pytest.raises(DataError, match="trajectory"):
        NonCartesianSense.for_scan(Measured(None, Gaussian(), {"sensitivity_maps": fields["sensitivity_maps"]}))


@pytest.mark.parametrize(
    ("trajectory", "message"),
    [
        (torch.zeros(1, 3, 4, 3), "channel=2"),
        (torch.zeros(3, 4, 2), "1 or sample"),
        (torch.zeros(1, 3, 4, 2, dtype=torch.complex64), "expected real"),
        (torch.full((1, 3, 4, 2), 6.0), "reaches 6, 6 cycles"),
    ],
)
def test_refuses_a_trajectory_that_does_not_fit_the_image(trajectory, message):
    with pytest.raises(DataError, match=message):
        NonCartesianSense(maps(8, 9), trajectory)
