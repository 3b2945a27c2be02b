import pytest
import torch

from mridiff.interfaces import Space
from mridiff_amk_cdiffnet.measure import chosen, reconstruct, silent, without_choice
from mridiff_amk_cdiffnet.prior import AMKRestorer
from mridiff_amk_cdiffnet.trial import STD, Trial, masks, trials
from mridiff_operators.coil_fourier import CoilFourierOperator
from mridiff_operators.sense import SenseOperator
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.metrics import outer_nmse, psnr
from mridiff_sdk.testing import smooth


@pytest.fixture(scope="module")
def trial():
    x0 = smooth(Space(("y", "x"), (32, 32)), 2).to(torch.complex64)
    return Trial.of(x0, simulate_maps(3, (32, 32), 0), masks("random", (32, 32), 3, 2))


def test_a_trial_peaks_at_one_and_differs_from_its_truth_by_the_noise_alone(trial):
    torch.testing.assert_close(ifft(trial.y).abs().flatten(1).amax(1), torch.ones(2))
    missing = trial.y - trial.problem(CoilFourierOperator).linear(trial.maps * trial.truth[:, None])
    at = trial.mask[:, None].expand_as(missing)
    assert not missing[~at].any()
    scale = ifft(trial.mask[:, None] * fft(trial.maps * trial.truth[:, None])).abs().flatten(1).amax(1)
    assert abs(float(scale.mean()) - 1) < 0.05 and 0 < float(missing[at].abs().max()) < 10 * STD
    torch.testing.assert_close(trial.combined(ifft(trial.y)), trial.problem(SenseOperator).linear.H(trial.y))


def test_a_silent_network_leaves_the_completion_and_the_original_as_it_was(trial):
    prior = AMKRestorer()
    with torch.no_grad():
        a, b = (reconstruct(trial, p, steps=2) for p in (prior, silent(prior)))
    assert (a - b).abs().max() > 1e-4 and prior.model.tail.weight.abs().max() > 0


@pytest.mark.parametrize("what", ["branches", "kernels"])
@pytest.mark.parametrize("keep", [True, False])
def test_choices_can_be_taken_away(trial, what, keep):
    lines = chosen(trial, without_choice("brain", what, keep).model)
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {what}")) + 2
    rows = [[float(v) for v in line.split("|")[2:-1]] for line in lines[start : start + 8]]
    assert all(row == rows[4 * (i // 4)] for i, row in enumerate(rows))  # the same in all rings of a round
    assert keep or all(abs(v - 1 / len(row)) < 0.005 for row in rows for v in row)


def test_held_out_heads_are_better_than_zero_filled(real_data):
    """By at least what the specification asks for, or half of it with one coil and columns; the card has the means."""
    prior, gains = AMKRestorer(), {}
    for case, trial in trials(real_data, (8, 128, 254)).items():
        with torch.no_grad():
            x, zero_filled = reconstruct(trial, prior, steps=4), trial.combined(ifft(trial.y))
        gains[case] = float((psnr(x, trial.truth) - psnr(zero_filled, trial.truth)).mean())
        assert outer_nmse(x, trial.truth).mean() < outer_nmse(zero_filled, trial.truth).mean() < 1
    least = {"one coil, random": 0.5, "one coil, gaussian-2d": 2, "four coils, random": 2.5, "four coils, gaussian-2d": 4}
    assert all(gains[f"64 px, {case}, R = 4"] > gain for case, gain in least.items()), gains
