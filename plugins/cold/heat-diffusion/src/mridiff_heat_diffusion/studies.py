"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff_sdk.study import Study, on_recipe

from .outside import misfit, outside
from .variants import NAME, dpir, heads, measured, method, noise, parts

METRICS = ("psnr", "ssim", "outside", "misfit", "nfe", "operator_calls", "seconds")
AGAINST = (f"{NAME}, 3 calls", f"{NAME}, 5 calls")
NOTES = ("Coil maps: ESPIRiT on the centre of each scan.",
         "`plain noise`: the same network, trained as long from the same weights on noise without blur, from pure noise.",
         "A call of heat-diffusion and of plain noise goes through the network and back.",
         "Seconds are wall clock, on a machine that had other work.")  # fmt: skip


def studies() -> dict[str, Study]:
    """Beside others and plain noise on held-out slices, on measured heads, in few calls, without its parts, on the scan of the recipe."""
    classical: dict[str, Any] = {name: name for name in ("cg-sense", "l1-wavelet", "tv", "dpir")}
    mine: dict[str, Any] = {NAME: method()}
    rows = classical | {"plain noise": noise()} | mine
    four = {"T2 slices, R = 4, 8 coils, 16 central lines": heads(4)}
    sets = four | {"T2 slices, R = 5, 4 coils, 12 central lines": heads(5, coils=4, lines=12)}
    real = {f"measured heads, R = {R}": measured(R) for R in (4, 5)}
    ways: dict[str, Any] = {"dpir, brain-small": dpir, "plain noise": noise}
    ways |= {"plain noise, from CG-SENSE": partial(method, "brain-noise"), NAME: method}
    calls = {f"{name}, {n} calls": way(steps=n) for n in (3, 5, 10) for name, way in ways.items()}
    half = {"T2 slices, R = 4, 8 coils, 16 central lines": heads(4, count=2)}
    study = partial(Study, metrics=METRICS, extra={"outside": outside, "misfit": misfit}, better={"outside": -1, "misfit": -1}, notes=NOTES)
    return {
        NAME: study(title="Beside other methods, maps estimated", rows=rows, scans=sets, against=(NAME,)),
        f"{NAME}-measured": study(title="Heads measured with coils", rows=rows, scans=real, against=(NAME,)),
        f"{NAME}-calls": study(
            title="How few calls will do", rows=calls, scans=four | {"measured heads, R = 4": measured(4)}, against=AGAINST
        ),
        f"{NAME}-parts": study(
            title="What its parts are worth", rows=parts() | mine, against=(NAME,), scans=half | {"measured heads, R = 4": measured(4)}
        ),
        f"{NAME}-recipe": on_recipe(NAME, "cg-sense", "tv", "l1-wavelet", "dpir", operator="sense"),
    }
