"""Numbers as text: one way of writing them, in pictures and on pages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a metric or a cost is called and written, and which end of its scale is the good one (+1 high, -1 low, 0 not said)."""

    label: str
    unit: str = ""
    better: int = 0
    meaning: str = ""


QUANTITIES: Mapping[str, Quantity] = {
    "psnr": Quantity(
        "PSNR", "dB", +1, "peak signal-to-noise ratio, magnitudes, everywhere, range: the reference's maximum; higher is better"
    ),
    "ssim": Quantity("SSIM", "", +1, "structural similarity, magnitudes, everywhere, same range; higher is better, 1 is identity"),
    "pixcorr": Quantity("PixCorr", "", +1, "correlation over all values of a picture in colour; higher is better"),
    "nmse": Quantity("NMSE", "", -1, "squared error of magnitudes everywhere, relative to the reference; lower is better"),
    "psnr_head": Quantity("PSNR inside", "dB", +1, "PSNR of magnitudes inside the object, range: the whole reference's maximum"),
    "ssim_head": Quantity("SSIM inside", "", +1, "SSIM of magnitudes inside the object, same range"),
    "psnr_registered": Quantity("PSNR registered", "dB", +1, "PSNR after the rigid motion that brings the image nearest to the reference"),
    "ssim_registered": Quantity("SSIM registered", "", +1, "SSIM after the rigid motion that brings the image nearest to the reference"),
    "psnr_moving": Quantity("PSNR moving", "dB", +1, "PSNR where the series moves"),
    "psnr_still": Quantity("PSNR still", "dB", +1, "PSNR where the object stands still"),
    "nmse_temporal": Quantity("temporal NMSE", "", -1, "NMSE of the differences of neighbouring frames"),
    "mae_degrees": Quantity("rotation error", "°", -1, "mean absolute error of the poses of shots, less what no measurement tells"),
    "mae_pixels": Quantity("shift error", "pixels", -1, "mean absolute error of the shifts of shots, less what no measurement tells"),
    "mae": Quantity("MAE", "", -1, "mean absolute error, in the unit of the quantity; lower is better"),
    "contrast_lesion": Quantity("lesion contrast", "", 0, "contrast of the lesion over that of the reference; 1 is all of it"),
    "auc": Quantity("AUC", "", +1, "area under the ROC curve of what is to be found inside the object; higher is better, 0.5 is chance"),
    "dice": Quantity("Dice", "", +1, "overlap of what is flagged at the stated threshold with what is to be found; higher is better"),
    "dice_best": Quantity(
        "best Dice", "", +1, "Dice at the threshold that is best for each scan, which only the truth tells; higher is better"
    ),
    "flagged": Quantity("flagged", "", 0, "part of the object that is flagged at the stated threshold"),
    "nrmse": Quantity("NRMSE", "", -1, "norm of the error over that of the reference, both about their means; lower is better"),
    "rmse": Quantity("RMSE", "", -1, "root mean square error; lower is better"),
    "hfen": Quantity("HFEN", "", -1, "high-frequency error norm over that of the reference; lower is better"),
    "nfe": Quantity("NFE", "", -1, "network evaluations per sample"),
    "operator_calls": Quantity("A-count", "", -1, "operator applications per sample"),
    "seconds": Quantity("time", "", -1, "wall-clock time"),
    "peak_memory_mb": Quantity("peak memory", "MB", -1, "highest memory of the process so far"),
}
"""The quantities that are shown, in this order."""


def quantity(name: str) -> Quantity:
    """What is known of a metric or cost; of a modality's ("psnr_0") what is known of the metric, its number in the label."""
    base, number = _parted(name)
    known = QUANTITIES.get(base, Quantity(base))
    return replace(known, label=f"{known.label} ({number})") if number else known


def format_number(name: str, value: Any) -> str:
    """The value of the quantity `name` as text without its unit; a dash for what is missing or not a number, text as it is.

    Seconds become "34 ms", "12.3 s", "3 min 05 s" or "2 h 07 min", since no single unit suits them all.
    """
    if isinstance(value, str):
        return value
    number = as_number(value)
    if number is None:
        return "–"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    name, _ = _parted(name)
    if name == "seconds":
        return _duration(number)
    if name.startswith("psnr"):
        text = f"{number:.2f}"
    elif name.startswith("ssim"):
        text = f"{number:.3f}"
    elif name in {"nfe", "operator_calls", "items", "backward", "peak_memory_mb"}:
        text = f"{number:,.0f}".replace(",", "\u202f")
    else:
        text = short(number)
    return text.replace("-", "−")


def as_number(value: Any) -> float | None:
    """The value as a float; None for text, for what is not a number, and for what no float can hold."""
    try:
        number = None if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if number is None or math.isnan(number) else number


def short(number: float) -> str:
    """A number to three significant digits, in scientific notation only where plain digits would be long."""
    if number == 0:
        return "0"
    if not 1e-4 <= abs(number) < 1e6:
        return f"{number:.2e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    digits = max(0, 2 - int(f"{number:.2e}"[-3:]))  # of the rounded number: 0.9997 is 1.00
    return f"{number:.{digits}f}"


def labelled(name: str, value: Any) -> str:
    """The quantity with its label and unit, such as "PSNR 31.42 dB" or "NFE 100"."""
    known = quantity(name)
    text = format_number(name, value)
    return " ".join(part for part in (known.label if name != "seconds" else "", text, known.unit if text != "–" else "") if part)


def summary(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The named quantities that are there, in one line; one that is known of every modality ("psnr_0", "psnr_1") as all of these."""
    return " · ".join(_of_modalities(name, values) or labelled(name, values[name]) for name in names if name in values)


def _of_modalities(name: str, values: Mapping[str, Any]) -> str:
    each = [format_number(name, values[f"{name}_{i}"]) for i in range(len(values)) if f"{name}_{i}" in values]
    known = quantity(name)
    return " ".join(part for part in (known.label, " | ".join(each), known.unit) if part) if each else ""


def best(name: str, values: Mapping[str, Any]) -> set[str]:
    """Who has the best value of the quantity `name`: nobody where there is nothing to choose from, all of them at a tie as written."""
    better = quantity(name).better
    numbers = {who: v for who, value in values.items() if (v := as_number(value)) is not None}
    if not better or len(numbers) < 2 or len({format_number(name, v) for v in numbers.values()}) < 2:
        return set()
    top = max(numbers.values(), key=lambda v: better * v)
    return {who for who, v in numbers.items() if format_number(name, v) == format_number(name, top)}


def _parted(name: str) -> tuple[str, str]:
    base, _, number = name.rpartition("_")
    return (base, number) if base in QUANTITIES and number.isdigit() else (name, "")


def _duration(seconds: float) -> str:
    if seconds >= 3595:
        minutes = round(seconds / 60)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    if seconds >= 99.5:
        return f"{round(seconds) // 60} min {round(seconds) % 60:02d} s"
    if 0 < seconds < 0.9995:
        return f"{max(1, round(1000 * seconds))} ms"
    return f"{short(seconds)} s".replace("-", "−")
