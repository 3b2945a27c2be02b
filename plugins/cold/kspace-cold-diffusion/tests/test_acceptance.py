"""The shipped weights on a patient in none of the card's tables."""

from functools import cache

from mridiff import load, load_dataset


@cache
def gained(real_data, weights="brain", **options):
    """Mean PSNR in dB over slices seen by eight coils whose maps are estimated."""
    scans = {"path": real_data, "source": "t2-clinical", "count": 6, "coils": 8, "maps": "espirit", "noise_std": 0.005}
    method = load(
        "kspace-cold-diffusion",
        priors={"prior": {"options": {"weights": weights}}},
        sampler={"options": options},
        dataset={"use": "held-out-heads", "options": scans},
    )
    found = [method(scan).metrics["x"]["psnr"] for scan in load_dataset(method.plan)]
    return sum(found) / len(found)


def test_six_calls_are_better_than_one(real_data):
    assert gained(real_data) > gained(real_data, steps=1) + 0.25


def test_six_calls_are_better_than_the_published_rule(real_data):
    assert gained(real_data) > gained(real_data, "brain-first", rule="step-down", steps=20) + 0.5


def test_the_states_of_the_rule_are_worth_having_learned_from(real_data):
    assert gained(real_data) > gained(real_data, "brain-first") + 0.1
