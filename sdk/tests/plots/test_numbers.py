import math

import pytest

from mridiff_sdk.plots.numbers import best, format_number, labelled, quantity, short, summary


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("psnr", 31.4159, "31.42"),
        ("psnr", -3.2, "−3.20"),
        ("psnr", math.inf, "∞"),
        ("psnr", math.nan, "–"),
        ("ssim", 0.91249, "0.912"),
        ("psnr_head", 28, "28.00"),
        ("psnr_1", 28, "28.00"),
        ("nmse", 0.012345, "0.0123"),
        ("nmse", 1.5e-7, "1.50e−7"),
        ("nfe", 12345, "12\u202f345"),
        ("seconds", 0.012, "12 ms"),
        ("seconds", 0.9997, "1.00 s"),
        ("seconds", 12.34, "12.3 s"),
        ("seconds", 185, "3 min 05 s"),
        ("seconds", 119.7, "2 min 00 s"),
        ("seconds", 3599.6, "1 h 00 min"),
        ("seconds", 7620, "2 h 07 min"),
        ("hfen", 0, "0"),
        ("hfen", None, "–"),
        ("hfen", [1], "–"),
        ("hfen", 10**400, "–"),
        ("hfen", "n/a", "n/a"),
    ],
)
def test_numbers_are_written_in_one_way(name, value, text):
    assert format_number(name, value) == text


def test_three_digits_are_kept_at_every_size():
    assert [short(x) for x in (0.00012345, 0.5, 63.49, 123456.0, 2.5e6)] == ["0.000123", "0.500", "63.5", "123456", "2.50e6"]


def test_labels_carry_units_and_missing_quantities_are_left_out():
    assert labelled("psnr", 30) == "PSNR 30.00 dB"
    assert summary({"ssim": 0.5, "seconds": 3.0}, ("psnr", "ssim", "seconds")) == "SSIM 0.500 · 3.00 s"


def test_the_best_value_follows_the_direction_of_the_quantity():
    assert best("psnr", {"a": 30, "b": 31, "c": None}) == {"b"}
    assert best("nmse", {"a": 0.1, "b": 0.2, "c": math.nan}) == {"a"}


def test_a_metric_of_one_modality_is_that_metric():
    assert quantity("psnr_1").label == "PSNR (1)" and quantity("psnr_1").unit == "dB" and quantity("own_1").label == "own_1"
    assert best("nmse_0", {"a": 0.1, "b": 0.2}) == {"a"} and labelled("psnr_0", 30) == "PSNR (0) 30.00 dB"


def test_nobody_is_best_without_rivals_without_direction_or_where_all_are_alike():
    assert best("psnr", {"a": 30}) == best("contrast_lesion", {"a": 1, "b": 2}) == best("nfe", {"a": 5, "b": 5}) == set()


def test_values_that_are_written_alike_share_the_first_place():
    assert best("psnr", {"a": 30.001, "b": 30.002, "c": 29}) == {"a", "b"}


def test_a_number_for_every_modality_is_written_with_its_label_once():
    values = {"psnr": 32.5, "psnr_0": 30.0, "psnr_1": 35.0, "ssim": 0.9}
    assert summary(values, ("psnr", "ssim", "nmse")) == "PSNR 30.00 | 35.00 dB · SSIM 0.900"


def test_a_definition_stands_for_itself():
    """A column may be the only one of a table."""
    from mridiff_sdk.plots.numbers import QUANTITIES

    assert not [name for name, q in QUANTITIES.items() if q.meaning.startswith("the same")]
