"""Studies: the tables of the card."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from mridiff.interfaces import Dataset, Scan
from mridiff_datasets.moving_heads import MovingHeads
from mridiff_sdk.study import Altered, Study, told

from .beside import cg_told

METRICS = ("psnr_registered", "ssim_registered", "motion.mae_degrees", "motion.mae_pixels", "nfe", "operator_calls", "seconds")


class MovedHeads(Dataset):
    """The middle slice of each of six heads that no weights were trained on, in motion: those of `moving-heads`, of two sources."""

    def __init__(self, data: Path, acceleration: int = 2, rotation: float = 4.0, shift: float = 3.0) -> None:
        heads = partial(MovingHeads, path=data, acceleration=acceleration, shots=8, rotation=rotation, shift=shift, count=1)
        parts = (heads(source="t2"), heads(source="t2-clinical", subjects="patient12"))
        self.heads = [(part, i) for part in parts for i in range(len(part))]

    def __len__(self) -> int:
        return len(self.heads)

    def __getitem__(self, index: int) -> Scan:
        """The scan of one head."""
        part, i = self.heads[index]
        return part[i]


def studies() -> dict[str, Study]:
    """Both samplers joint, blind to motion and told of it, and the first without its last parts; then other scans."""
    joint: dict[str, Any] = {name: {"recipe": "moco-dps", "sampler": {"use": name}} for name in ("moco-dps", "moco-ddim")}
    still = {name: {"recipe": "moco-dps", "sampler": {"use": name, "options": {"motion_steps": 0}}} for name in joint}
    blind: dict[str, Any] = {f"{name}, blind": row for name, row in still.items()}
    motion = partial(told, name="motion")
    oracle = {"CG-SENSE, told": cg_told, **{f"{name}, told": Altered(row, scan=motion) for name, row in still.items()}}
    plain = {"zero-filled": "zero-filled", "CG-SENSE, blind": {"recipe": "cg-sense", "sampler": {"options": {"l2": 0.01}}}}
    first: dict[str, Any] = {name: {"recipe": "moco-dps", "sampler": {"options": {option: 0}}}
                             for name, option in {"nothing together": "joint", "no last chain": "finish"}.items()}  # fmt: skip
    others = {"R = 1": partial(MovedHeads, acceleration=1), "R = 2, nothing moved": partial(MovedHeads, rotation=0, shift=0)}
    study = partial(Study, metrics=METRICS, against=("moco-dps",))
    return {
        "moco-dps": study(title="heads in motion", rows=plain | blind | joint | first | oracle, scans={"R = 2": MovedHeads}),
        "moco-dps-others": study(title="all lines, and heads that did not move", rows=blind | joint, scans=others),
    }
