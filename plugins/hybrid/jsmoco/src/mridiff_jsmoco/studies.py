"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from typing import Any

from mridiff_sdk.study import Altered, Study, told

from .maps import map_error
from .measured import in_motion

METRICS = ("psnr_registered", "ssim_registered", "motion.mae_degrees", "motion.mae_pixels", "map error", "nfe", "operator_calls", "seconds")
COILS: dict[str, Any] = {"use": "rigid-motion-sense", "options": {"coils": "static"}}
MEASURED: dict[str, Any] = {"use": "held-out-heads", "options": {"source": "measured", "acceleration": 1, "maps": "given"}}


def studies() -> dict[str, Study]:
    """Beside motion correction with the maps of the corrupted centre and with the true ones; with coils that move; its parts."""
    fixed, blind = mine(maps=False), mine(motion_most=0.0)
    moco: dict[str, Any] = {"recipe": "moco-dps", "operator": COILS, "priors": {"prior": {"options": {"weights": "brain-small"}}}}
    maps = partial(told, name="sensitivity_maps")
    true: dict[str, Any] = {"moco-dps with true maps": Altered(moco, scan=maps), "true maps": Altered(fixed, scan=maps)}
    joint: dict[str, Any] = {"jsmoco": "jsmoco"}
    main = joint | {"maps fixed": fixed}
    beside = {"moco-dps": moco, **joint, **true, "motion fixed": blind}
    parts = {f"degree {n}": mine({"degree": n}) for n in (4, 8)}
    parts |= {"one round": mine(rounds=1), "maps from the start": mine(maps_from=0.05)}
    along: dict[str, Any] = {"maps that stand still": "jsmoco", "maps that move along": mine({"coils": "moving"}), "motion fixed": blind}
    turns = {f"coils that stand still, ±{angle}°": heads(count=2, rotation=angle, shift=2 if angle else 0) for angle in (8, 0)}
    own = {f"measured heads, R = {R}": Altered(MEASURED, scan=partial(in_motion, acceleration=R)) for R in (2, 1)}
    here: dict[str, Any] = {
        name: mine({"coils": "moving"}, **options) for name, options in {"jsmoco": {}, "maps fixed": {"maps": False}}.items()
    }
    here["true maps"] = Altered(here["maps fixed"], scan=maps)
    study = partial(Study, metrics=METRICS, extra={"map error": map_error}, better={"map error": -1})
    return {
        "jsmoco": study(title="jsmoco beside the same with the maps of the corrupted centre", rows=main, scans={"R = 2": heads()},
                        against=("jsmoco",)),
        "jsmoco-beside": study(title="jsmoco beside moco-dps, true maps and a head taken to rest", rows=beside,
                               scans={"R = 2": heads(count=1)}, against=("jsmoco",)),
        "jsmoco-coils": study(title="coils that stand still while the head moves", rows=along, scans=turns,
                              against=("maps that stand still",)),
        "jsmoco-measured": study(title="measured heads that move afterwards, coil by coil", rows=here, scans=own, against=("jsmoco",)),
        "jsmoco-parts": study(title="jsmoco without its parts", rows=joint | parts, scans={"R = 2": heads(count=1)},
                              against=("jsmoco",)),
    }  # fmt: skip


def mine(operator: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """The method with options other than its own."""
    return {"recipe": "jsmoco", "operator": {"options": operator or {}}, "sampler": {"options": options}}


def heads(**options: Any) -> dict[str, Any]:
    """Four slices of each held-out head, 64 pixels, eight poses, eight coils that stand still, maps of the corrupted centre."""
    still = {"moving_coils": False, "maps": "espirit", "center_fraction": 0.17, "shots": 8, "size": 64}
    return {"use": "moving-heads", "options": {**still, "acceleration": 2, "rotation": 4, "shift": 2, **options}}
