"""Workers: processes that make cells; one that dies costs its cell, which another makes once more.

Whoever brings other workers (`cluster`) offers what `in_processes` offers: of an address and cells a result for each, in any order. A cell
writes its own folder, so that results need no way back but their record.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch
from torch import multiprocessing

from mridiff.cli.ending import of_the_family
from mridiff.plugins.registry import Registry

from .bench import Bench, Cell, Result
from .finding import find
from .robustness import Robustness

TRIES = 2
"""How often a cell is begun whose worker dies."""


@dataclass(frozen=True)
class Address:
    """What a process needs to set up its bench: the declared study's name, or what makes it, and where its data and results lie."""

    study: str | Robustness
    data: Path | None
    out: Path
    mark: str
    threads: int
    device: str = "cpu"

    def bench(self) -> Bench:
        """The bench; raises what `find` raises."""
        torch.set_num_threads(self.threads)
        registry = Registry.discover()
        study = find(self.study, registry).study if isinstance(self.study, str) else self.study(registry)
        return Bench(study, registry, self.data, self.out, self.mark, self.device)


class Worker:
    """A process and the cell that it has."""

    def __init__(self, address: Address) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: Any = context.Process(target=serve, args=(address, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.cell: Cell | None = None

    def give(self, cell: Cell) -> None:
        """Send a cell; a process that is gone is noticed when its answer is awaited."""
        self.cell = cell
        with suppress(OSError):
            self.connection.send(cell)

    def answer(self) -> Result | None:
        """What became of the cell; None where the process died."""
        try:
            result: Result = self.connection.recv()
        except (EOFError, OSError):
            return None
        return result

    def stop(self) -> None:
        """End the process."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def serve(address: Address, connection: Connection) -> None:
    """Make cells until nobody asks for one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt goes to all processes; the first ends the others
    bench: Bench | None = None
    while True:
        try:
            cell: Cell = connection.recv()
        except EOFError:
            return
        try:
            bench = bench or address.bench()
            result = bench(cell)
        except Exception as error:
            result = Result(cell, error=of_the_family(error).as_dict())
        connection.send(result)


def in_processes(address: Address, cells: Sequence[Cell], workers: int, apart: bool = False) -> Iterator[Result]:
    """A result for each cell, as they come; a cell whose worker dies is begun once more, then reported.

    `apart` gives each cell that is made a process of its own, so that peak memory is its own.
    """
    waiting, begun = deque(cells), dict.fromkeys(cells, 0)
    pool = [Worker(address) for _ in range(min(workers, len(cells)))]
    try:
        for worker in pool:
            _next(worker, waiting, begun)
        while busy := {w.connection: w for w in pool if w.cell is not None}:
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                cell = worker.cell
                assert cell is not None
                result = worker.answer()
                if result is not None:
                    yield result
                elif begun[cell] < TRIES:
                    waiting.appendleft(cell)
                else:
                    yield died(cell)
                if result is None or (apart and waiting and not result.kept):
                    worker.stop()
                    pool[pool.index(worker)] = worker = Worker(address)
                _next(worker, waiting, begun)
    finally:
        for worker in pool:
            worker.stop()


def died(cell: Cell) -> Result:
    """What is said of a cell that no worker survived."""
    hint = "Is there enough memory? Try fewer --workers."
    return Result(cell, error={"code": "DR170", "message": f"the process that made {cell} died, {TRIES} times", "hint": hint})


def _next(worker: Worker, waiting: deque[Cell], begun: dict[Cell, int]) -> None:
    worker.cell = None
    if waiting:
        cell = waiting.popleft()
        begun[cell] += 1
        worker.give(cell)
