"""Cluster: the workers of a Dask scheduler make cells; one that dies costs its cell, which another makes once more.

All machines share the study's folder, where a cell is written, and the data folder, under the same paths, and have the same packages.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import torch

from mridiff.cli.ending import of_the_family
from mridiff.errors import ConfigError, DataError, Mistake, boundary

from .bench import Bench, Cell, Result
from .workers import TRIES, Address, died

SECONDS = 30
"""How long a scheduler may take to answer."""
LOOK, ALONE = 5, 300
"""Seconds between two looks at the workers, and how long there may be none: others may join, and one that died may come back."""
ONE = Lock()
"""A process makes one cell at a time, however many threads its worker has."""


class Cluster:
    """The workers of the scheduler at an address; as a context manager it lets go of them at the end, and of cells not begun.

    Raises ConfigError where Dask is not installed, DataError where no scheduler answers.
    """

    def __init__(self, scheduler: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise ConfigError([Mistake("--scheduler", "Dask is not installed")], hint="pip install 'mridiff-sdk[cluster]'") from error
        with boundary(f"no Dask scheduler answers at {scheduler}", "`dask scheduler` prints its address; `dask worker ADDRESS` joins it."):
            self._client: Any = Client(scheduler, timeout=SECONDS, set_as_default=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def __len__(self) -> int:
        """How many workers there are now."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    def __call__(self, address: Address, cells: Sequence[Cell]) -> Iterator[Result]:
        """A result for each cell, as they come; a cell whose worker dies is begun once more, then reported.

        Raises DataError where the scheduler is lost, or has had no worker for ALONE seconds.
        """
        from distributed import KilledWorker, as_completed

        address = replace(address, out=address.out.resolve(), data=address.data and address.data.resolve())
        given = dict.fromkeys(cells, 1)
        waiting = {self._client.submit(made, address, cell, self._client.id, pure=False): cell for cell in cells}
        coming = as_completed(list(waiting), loop=self._client.loop)
        with boundary("the Dask scheduler was lost", "What is whole is kept; the same command makes the rest."):
            for future in self._patiently(coming):
                cell = waiting.pop(future)
                error = future.exception()
                if error is None:
                    yield future.result()
                elif not isinstance(error, KilledWorker):
                    yield Result(cell, error=of_the_family(error).as_dict())
                elif given[cell] < TRIES:  # the scheduler counts deaths too, also of cells that waited on a worker that died
                    given[cell] += 1
                    again = self._client.submit(made, address, cell, self._client.id, pure=False)
                    waiting[again] = cell
                    coming.add(again)
                else:
                    yield died(cell)

    def _patiently(self, coming: Any) -> Iterator[Any]:
        """Futures as they are done; a look at the workers in between."""
        seen = looked = monotonic()
        while coming.count():
            if coming.has_ready():
                yield next(coming)
                seen = looked = monotonic()  # who made it was there, however long the result was looked at
            elif (now := monotonic()) - looked < LOOK:
                sleep(0.02)
            else:
                looked, seen = now, now if len(self) else seen
                if now - seen > ALONE:
                    raise DataError(f"no worker has been at the Dask scheduler for {ALONE} s",
                                    hint="Join some by `dask worker ADDRESS`; the same command makes what is missing.")  # fmt: skip


def made(address: Address, cell: Cell, run: str) -> Result:
    """Make a cell in this process, unless it was begun TRIES times and never came to an end; each `run` opens scans anew."""
    with ONE:
        torch.set_num_threads(address.threads)  # of this thread: a worker has several
        try:
            begun = _begun(address, cell)
            if begun.stat().st_size >= TRIES:
                return died(cell)
            with begun.open("ab") as file:
                file.write(b".")
            try:
                result = _bench(address, run)(cell)
            finally:
                begun.unlink(missing_ok=True)
        except Exception as error:
            result = Result(cell, error=of_the_family(error).as_dict())
    return result


@lru_cache(maxsize=1)
def _bench(address: Address, run: str) -> Bench:  # noqa: ARG001 - a key of the cache
    return address.bench()


def _begun(address: Address, cell: Cell) -> Path:
    """The file that has a byte for each time that the cell was begun; raises DataError where the study's folder is not there."""
    if not (address.out / "run.json").is_file():
        raise DataError(
            f"{address.out} is not on {platform.node()}", hint="All machines of a cluster share the study's folder: choose it by -o."
        )
    (address.out / "cells").mkdir(exist_ok=True)
    file = address.out / "cells" / f"{address.mark}begun-{hashlib.sha256(str(cell).encode()).hexdigest()[:16]}"
    file.touch()
    return file
