"""Motion and maps, both unknown: the two operators that it is made of, and what it is linear in."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.motion_and_maps import MotionAndMapsSense
from mridiff_operators.smooth_maps import SmoothMapsSense
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.motion import draw, shots_of
from mridiff_sdk.nuisance import least_squares

N, SHOTS, COILS = (14, 17), 4, 3


def shots():
    mask = torch.zeros(1, *N, dtype=torch.float64)
    mask[..., ::2] = 1
    return shots_of(mask, SHOTS)


def operator(coils="moving", degree=3):
    return MotionAndMapsSense(simulate_maps(COILS, N, 0, torch.complex128)[None], shots(), coils, degree=degree)


def image(samples=1):
    return Streams.of(0, "x", samples).normal(N, torch.complex128)


def unknowns(A, samples=1):
    a = A.start()["coefficients"]
    other = a + 0.2 * a.abs().max() * Streams.of(1, "a", samples).normal(tuple(a.shape[1:]), torch.complex128)
    return {"motion": draw("uniform", SHOTS, 5.0, 2.0, Streams.of(0, "motion", samples)), "coefficients": other}


@pytest.mark.parametrize("coils", ["moving", "static"])
def test_at_its_maps_it_is_the_operator_of_a_rigid_motion(coils):
    A = operator(coils)
    phi, x = unknowns(A, 2), image(2)
    maps = A.maps(phi["coefficients"])
    plain = RigidMotionSense(maps, shots(), coils).at(phi)
    torch.testing.assert_close(A.at(phi)(x), plain(x))
    torch.testing.assert_close(A.at(phi).H(A.at(phi)(x)), plain.gram(x))


def test_maps_begin_as_those_of_the_scan_as_near_as_polynomials_come():
    maps = simulate_maps(COILS, N, 0, torch.complex128)[None]
    begin = SmoothMapsSense(maps, torch.ones(1, *N, dtype=torch.float64), 3).start()["coefficients"]
    A = operator()
    torch.testing.assert_close(A.start()["coefficients"], begin)
    assert float((A.maps(begin) - maps).norm() / maps.norm()) < 0.2
    a = unknowns(A)["coefficients"]
    torch.testing.assert_close(A.maps((2 - 1j) * a), (2 - 1j) * A.maps(a))


@pytest.mark.parametrize("coils", ["moving", "static"])
def test_a_measurement_is_the_sum_of_its_components(coils):
    A = operator(coils)
    phi, x = unknowns(A, 2), image(2)
    y = torch.einsum("nck,nkyx->ncyx", phi["coefficients"], A.components(x, phi))
    torch.testing.assert_close(A.at(phi)(x), y)


def test_coils_that_stand_still_have_other_maps_in_the_head_s_frame_for_each_shot():
    """Whole pixels: what the coils see of the head in a pose is what maps at moved places see of it, moved."""
    still, moving = operator("static"), operator("moving")
    phi, x = still.start(), image()
    phi["motion"] = torch.zeros(1, SHOTS, 3, dtype=torch.float64)
    phi["motion"][:, 1, 1:] = torch.tensor([2.0, -3.0])
    shifted = RigidMotionSense(still.maps(phi["coefficients"]).roll((-2, 3), (-2, -1)), shots(), "moving").at(phi)
    own = (shots() == 1)[:, None]
    torch.testing.assert_close(own * still.at(phi)(x), own * shifted(x))
    assert (own * (still.at(phi)(x) - moving.at(phi)(x))).abs().max() > 0.1


@pytest.mark.parametrize("coils", ["moving", "static"])
def test_the_gradient_reaches_both(coils):
    A = operator(coils, degree=1)
    phi, x, w = unknowns(A), image(), Streams.of(3).normal((COILS, *N), torch.complex128)

    def product(motion, coefficients):
        return (w.conj() * A.at({"motion": motion, "coefficients": coefficients})(x)).real.sum()

    leaves = tuple(value.clone().requires_grad_() for value in phi.values())
    assert torch.autograd.gradcheck(product, leaves, rtol=1e-5)


def test_normalised_maps_have_unit_size_where_the_image_is_and_stay_bounded_elsewhere():
    A, y = operator(degree=4), torch.linspace(-1, 1, N[0], dtype=torch.float64)[:, None]
    x = (image().abs() + 1) * (y.abs() < 0.5)
    shading = (1 + 0.3 * y) * torch.polar(torch.ones_like(y), 0 * y)
    truth = A.smooth.maps(A.start()["coefficients"])
    a = least_squares(A.smooth.basis[None].to(truth.dtype), shading * truth, A.start()["coefficients"], 0.0)
    found, inside = A.maps(A.normalised(a, x)), (x.abs() > 0)[:, None].expand_as(truth)
    size = found.norm(dim=1)
    assert (size[x.abs() > 0] - 1).abs().max() < 0.05 < (A.maps(a).norm(dim=1)[x.abs() > 0] - 1).abs().max()
    unit = truth / truth.norm(dim=1, keepdim=True)
    assert float((found - unit)[inside].norm() / unit[inside].norm()) < 0.05 and size.max() < 2


def test_a_scan_says_what_an_estimate_begins_with():
    maps = simulate_maps(COILS, N, 0)[None]
    motion = draw("uniform", SHOTS, 5.0, 2.0, Streams.of(0, "motion")).float()
    held = {"mask": Field((shots() >= 0).float(), ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x")),
            "motion": Field(motion, ("shot", "channel"))}  # fmt: skip
    scan = Measured(torch.zeros(1, COILS, *N, dtype=torch.complex64), Gaussian(0.1), held)
    A = MotionAndMapsSense.for_scan(scan, shots=SHOTS, coils="moving", degree=2)
    torch.testing.assert_close(A.start()["motion"], motion)
    assert A.start()["coefficients"].shape == (1, COILS, 6) and A.motion.coils == "moving"
    assert torch.equal(A.motion.taken, RigidMotionSense.for_scan(scan, shots=SHOTS).taken)
    with pytest.raises(DataError, match="do not fit"):
        MotionAndMapsSense(maps, torch.zeros(1, 5, 5))
