"""Workers: processes forked from one that has imported everything; each makes and judges many inputs, watched from outside.

Python cannot interrupt a library that loops, so the parent counts the seconds, ends a worker that takes too long, and starts another.
"""

from __future__ import annotations

import gc
import json
import math
import os
import resource
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from configurations import CONFIGURATIONS
from judge import verdict
from measurements import MEASUREMENTS
from networks import NETWORKS

SECONDS, PATIENCE, MEGABYTES = 10.0, 120.0, 2000.0
"""What an input may take: processor time, time on the clock (for what waits and does nothing), memory."""

MADE = "made\n"
"""What a worker says when the next input is there: from now on its seconds count."""

KINDS = {**MEASUREMENTS, **CONFIGURATIONS, **NETWORKS}
"""Name of a kind to what makes one input: (random numbers, folder) to a function that reads it."""


@dataclass
class Outcome:
    """What became of one input: "refused" with one clear error, or "sound"; `fault` is empty where that is all."""

    number: int
    kind: str
    end: str = ""
    fault: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def chosen(number: int, kinds: str) -> str:
    names = sorted(name for name in KINDS if name.startswith(kinds))
    return names[number % len(names)]


def made(seed: int, number: int, folder: Path, kinds: str = "") -> tuple[str, Callable[[], object]]:
    """Input `number` of a seed, written to a folder: its kind and the function that reads it."""
    kind = chosen(number, kinds)
    return kind, KINDS[kind](np.random.default_rng([seed, number]), folder)


def outcomes(seed: int, numbers: Sequence[int], workers: int, kinds: str = "") -> Iterator[Outcome]:
    """What becomes of each input, in the order in which they end."""
    waiting = [list(numbers[i::workers])[::-1] for i in range(workers)]
    running = {i: _start(seed, waiting[i], kinds) for i in range(workers) if waiting[i]}
    while running:
        ready, _, _ = select.select([pipe for pipe, *_ in running.values()], [], [], 0.2)
        for i, (pipe, pid, since, used) in list(running.items()):
            line = pipe.readline() if pipe in ready else ""
            if line:
                running[i] = pipe, pid, time.monotonic(), _used(pid) if line == MADE else math.inf
                if line != MADE:
                    waiting[i].pop()
                    yield Outcome(**json.loads(line))
                continue
            late = f"it took more than {SECONDS:g} s" if _used(pid) - used > SECONDS + 2 else ""
            late = late or (f"it was not done after {PATIENCE:g} s" if time.monotonic() - since > PATIENCE else "")
            if pipe not in ready and not late:
                continue
            if late:
                os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
            pipe.close()
            if waiting[i]:
                number, fault = waiting[i].pop(), late or f"the process ended with status {status}"
                yield Outcome(number, chosen(number, kinds), "lost", fault, time.monotonic() - since)
            if waiting[i]:
                running[i] = _start(seed, waiting[i], kinds)
            else:
                del running[i]


def _start(seed: int, numbers: list[int], kinds: str):
    """A worker for the numbers, last first: the end of its pipe, its process, the time, and the processor time that it had used
    when its input was there (infinite before: what makes the input is not on trial)."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            _work(seed, numbers[::-1], kinds, write)
        finally:
            os._exit(0)
    os.close(write)
    return os.fdopen(read, "r", buffering=1), pid, time.monotonic(), math.inf


def _used(pid: int) -> float:
    """Seconds of processor time of a process: on a busy machine, the clock runs on while it waits for its turn."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _work(seed: int, numbers: list[int], kinds: str, out: int) -> None:
    """Make and judge inputs; everything that libraries print goes nowhere, and memory beyond what is allowed is not there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    limit = _status("VmSize") * 2**10 + int(MEGABYTES * 1e6) * 2
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    root = Path(tempfile.mkdtemp(prefix="malformed-"))
    try:
        for number in numbers:
            folder = root / str(number)
            folder.mkdir()
            kind, use = made(seed, number, folder, kinds)
            os.write(out, MADE.encode())
            Path("/proc/self/clear_refs").write_text("5")  # the peak of memory begins anew
            began = time.process_time()
            end, fault = verdict(use, folder)
            seconds, megabytes = time.process_time() - began, _status("VmHWM") * 2**10 / 1e6
            fault = fault or (f"it took {megabytes:.0f} MB" if megabytes > MEGABYTES else "")
            fault = fault or (f"it took {seconds:.1f} s" if seconds > SECONDS else "")
            os.write(out, (json.dumps(asdict(Outcome(number, kind, end, fault, seconds, megabytes))) + "\n").encode())
            del use
            shutil.rmtree(folder, ignore_errors=True)
            if number % 50 == 0:
                gc.collect()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _status(name: str) -> int:
    """A line of the process's status, in kB."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{name}:")[2].split()[0])
