import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Streams
from mridiff_operators.motion import RigidMotionSense
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.motion import draw, shots_of

N, SHOTS = (14, 17), 4


def lines(kept=slice(None, None, 2), samples=1):
    mask = torch.zeros(samples, *N, dtype=torch.float64)
    mask[..., kept] = 1
    return mask


def operator(mask=None, coils="moving", limit=15.0):
    mask = lines() if mask is None else mask
    maps = simulate_maps(3, N, 0, torch.complex128)[None]
    return RigidMotionSense(maps, shots_of(mask, SHOTS), coils, limit), SenseOperator(maps, mask)


def image(seed=0, samples=1):
    return Streams.of(seed, "x", samples).normal(N, torch.complex128)


def poses(samples=1):
    return {"motion": draw("uniform", SHOTS, 5.0, 2.0, Streams.of(0, "motion", samples))}


@pytest.mark.parametrize("coils", ["moving", "static"])
def test_without_motion_it_is_sense(coils):
    A, sense = operator(coils=coils)
    x = image()
    assert (A(x) - sense(x)).abs().max() < 1e-13
    still = A.at(A.start())
    assert (still.H(sense(x)) - sense.gram(x)).abs().max() < 1e-13 and (still.gram(x) - sense.gram(x)).abs().max() < 1e-13


@pytest.mark.parametrize("coils", ["moving", "static"])
@pytest.mark.parametrize("points", [False, True])
def test_the_adjoint_is_exact_at_any_motion_and_the_normal_operator_is_their_product(coils, points):
    mask = (Streams.of(3).uniform(N, torch.float64) < 0.5).double() if points else lines()
    A = operator(mask, coils)[0].at(poses())
    x, y = image(), Streams.of(1).normal((3, *N), torch.complex128)
    assert abs((A(x).conj() * y).sum() - (x.conj() * A.H(y)).sum()) < 1e-11
    assert (A.gram(x) - A.H(A(x))).abs().max() < 1e-12
    assert (A(x)[:, :, mask[0] == 0] == 0).all()


def test_a_global_motion_is_a_gauge_where_the_coils_move_too():
    """Whole pixels, for which the transform is exact: the object moved back, every pose moved on."""
    A, _ = operator()
    x, phi = image(), {"motion": torch.zeros(1, SHOTS, 3, dtype=torch.float64)}
    phi["motion"][:, :, 1:] = Streams.of(0).integers(-2, 3, (SHOTS, 2)).double()
    on = {"motion": phi["motion"] + torch.tensor([0.0, 1.0, -2.0])}
    A.maps = torch.ones_like(A.maps)
    assert (A.at(on)(x.roll((-1, 2), (-2, -1))) - A.at(phi)(x)).abs().max() < 1e-12
    assert (A.at(on)(x) - A.at(phi)(x)).abs().max() > 0.1


@pytest.mark.parametrize("coils", ["moving", "static"])
def test_the_gradient_reaches_the_motion_and_is_that_of_differences(coils):
    A, _ = operator(coils=coils)
    y = A.at(poses())(image())
    phi = poses()["motion"] * 0.8

    def misfit(motion):
        return (A.at({"motion": motion})(image()) - y).abs().square().sum()

    assert torch.autograd.gradcheck(misfit, (phi.clone().requires_grad_(),), rtol=1e-5)
    z = phi.clone().requires_grad_()
    assert (torch.autograd.grad(misfit(z), z)[0].abs().sum(-1) > 1e-3).all()  # every shot's pose is seen


def test_samples_have_motions_of_their_own():
    A, _ = operator()
    phi, x = poses(2), image(samples=2)
    together = A.at(phi)(x)
    alone = torch.cat([A.at({"motion": phi["motion"][i : i + 1]})(x[i : i + 1]) for i in range(2)])
    assert (together - alone).abs().max() < 1e-13


def test_project_takes_out_the_mean_and_keeps_the_bounds():
    A, _ = operator(limit=3.0)
    project = A.nuisance["motion"].project
    wild = 20 * Streams.of(0, "", 2).normal((SHOTS, 3), torch.float64)
    found = project(wild)
    assert found.mean(1).abs().max() < 1e-12 and found.abs().max() <= 3 + 1e-12
    small = poses()["motion"] * 0.2
    assert torch.equal(project(small), small - small.mean(1, keepdim=True))


def test_shots_are_those_of_the_scan_or_else_counted():
    mask, maps = lines().float(), simulate_maps(2, N, 0)[None]
    held = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    scan = Measured(torch.zeros(1, 2, *N, dtype=torch.complex64), Gaussian(0.1), held)
    counted = RigidMotionSense.for_scan(scan, shots=3, order="linear")
    assert torch.equal(counted.taken.sum(1), mask) and counted.start()["motion"].shape == (1, 3, 3)
    told = Measured(scan.y, scan.noise, {**held, "shots": Field(shots_of(mask, 5), ("ky", "kx"))})
    assert RigidMotionSense.for_scan(told, shots=3).start()["motion"].shape == (1, 5, 3)


def test_an_estimate_begins_with_the_motion_that_the_scan_tells_less_its_mean():
    mask, maps = lines().float(), simulate_maps(2, N, 0)[None]
    held = {"mask": Field(mask, ("ky", "kx")), "sensitivity_maps": Field(maps, ("coil", "y", "x"))}
    held |= {"shots": Field(shots_of(mask, SHOTS), ("ky", "kx")), "motion": Field(3 + poses()["motion"].float(), ("shot", "channel"))}
    scan = Measured(torch.zeros(1, 2, *N, dtype=torch.complex64), Gaussian(0.1), held)
    torch.testing.assert_close(RigidMotionSense.for_scan(scan).start()["motion"], poses()["motion"].float())
    fewer = Measured(scan.y, scan.noise, {**held, "motion": Field(torch.zeros(1, 3, 3), ("shot", "channel"))})
    with pytest.raises(DataError, match=r"\(1, 3, 3\), but its samples belong to 4 shots"):
        RigidMotionSense.for_scan(fewer)


def test_what_does_not_fit_is_refused():
    maps = simulate_maps(2, N, 0)[None]
    with pytest.raises(DataError, match="do not fit"):
        RigidMotionSense(maps, torch.zeros(1, 5, 5))
    with pytest.raises(DataError, match="no sample"):
        RigidMotionSense(maps, -torch.ones(1, *N))
