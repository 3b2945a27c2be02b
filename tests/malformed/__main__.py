"""Malformed inputs over all readers, configurations and weights: each must end in one clear error or a sound result, soon and in little memory.

    python tests/malformed --count 10000 --seed 0      # all kinds in turn; the same seed makes the same inputs
    python tests/malformed --only 4711 --keep FOLDER   # one of them again, its files kept, with its traceback

Exits 1 where an input raised anything else, took more than 10 s of processor time (or two minutes on the clock) or more than 2 GB, or ended the process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import judge
import worker


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--kinds", default="", help="only kinds whose names begin so")
    parser.add_argument("--only", type=int, help="the number of one input, in this process, with its traceback")
    parser.add_argument("--keep", type=Path, help="with --only: the folder where its files stay")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    judge.prepare()
    if options.only is not None:
        return one(options)
    began, seen, faults = time.monotonic(), [], []
    for outcome in worker.outcomes(options.seed, range(options.count), options.workers, options.kinds):
        seen.append(outcome)
        if outcome.fault:
            faults.append(outcome)
            print(f"FAULT {outcome.number} {outcome.kind}: {outcome.fault}", flush=True)
        if len(seen) % 200 == 0:
            left = (time.monotonic() - began) / len(seen) * (options.count - len(seen))
            print(f"{len(seen)} of {options.count}, {len(faults)} faults, {left / 60:.1f} min left", file=sys.stderr, flush=True)
    report(seen, time.monotonic() - began)
    return int(bool(faults) or len(seen) < options.count)


def one(options: argparse.Namespace) -> int:
    folder = options.keep or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    kind, use = worker.made(options.seed, options.only, folder, options.kinds)
    print(kind, *sorted(f.name for f in folder.rglob("*") if f.is_file()))
    try:
        print("sound:", use())
    except BaseException:
        traceback.print_exc()
    return 0


def report(seen: list[worker.Outcome], seconds: float) -> None:
    print(f"\n{'kind':24} {'inputs':>7} {'refused':>8} {'sound':>6} {'faults':>7} {'most s':>7} {'most MB':>8}")
    for kind in [*sorted({o.kind for o in seen}), "all"]:
        own = [o for o in seen if kind in {o.kind, "all"}]
        ends = Counter("fault" if o.fault else o.end for o in own)
        print(f"{kind:24} {len(own):7} {ends['refused']:8} {ends['sound']:6} {ends['fault']:7} "
              f"{max((o.seconds for o in own), default=0):7.2f} {max((o.megabytes for o in own), default=0):8.0f}")  # fmt: skip
    print(f"{len(seen)} inputs, {sum(bool(o.fault) for o in seen)} faults, in {seconds / 60:.1f} min")


if __name__ == "__main__":
    sys.exit(main())
