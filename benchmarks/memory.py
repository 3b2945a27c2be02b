"""Peak memory: a volume of eight coils by conjugate gradients, and DPS with sixteen coils beside the gradient of its network alone.

python benchmarks/memory.py           writes benchmarks/results/memory.md
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import multiprocessing.connection
import platform
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from command import write_page

Run = Callable[[], None]
VOLUME, COILS = (128, 256, 256), 8
SIZE, MANY = 320, 16
LIMITS = {"volume": 8.0, "dps": 2.0}


def imports() -> Run:
    """What the others need before they hold any data."""
    for module in ("mridiff_operators.sense", "mridiff_priors.denoiser", "mridiff_samplers.cg_sense", "mridiff_samplers.dps"):
        importlib.import_module(module)
    return lambda: None


def volume() -> Run:
    """Five iterations of CG-SENSE, maps and mask made on the way; two phase-encoding directions, sampled by Poisson discs, R = 8."""
    import torch

    from mridiff.interfaces import Gaussian, Problem, Streams
    from mridiff_operators.sense import Sense3D
    from mridiff_samplers.cg_sense import CGSense
    from mridiff_sdk.sampling_patterns import mask

    def run() -> None:
        rng = torch.Generator().manual_seed(0)
        maps = torch.randn(1, COILS, *VOLUME, generator=rng, dtype=torch.complex64)
        taken = mask("poisson", VOLUME[:2], 8, 0.1, 0)[None, :, :, None].float().expand(1, *VOLUME)
        A = Sense3D(maps, taken.contiguous())
        del maps
        with torch.no_grad():
            problem = Problem(A, A(torch.randn(1, *VOLUME, generator=rng, dtype=torch.complex64)), Gaussian(0.01), A.domain)
            for _ in CGSense(iterations=5).trajectory(problem, Streams.of(0, "volume")):
                pass

    return run


def gradient() -> Run:
    """The network `brain` at 320 x 320, forward and backward."""
    import torch

    from mridiff_priors.denoiser import Denoiser

    x, network = torch.randn(1, SIZE, SIZE, dtype=torch.complex64, requires_grad=True), Denoiser()
    return lambda: network(x, 0.5).abs().square().sum().backward()


def dps() -> Run:
    """Three steps of DPS with sixteen coils at 320 x 320; the scan is there before."""
    import torch
    from case import case

    from mridiff.interfaces import Gaussian, Problem, Streams
    from mridiff_operators.sense import SenseOperator
    from mridiff_priors.denoiser import Denoiser
    from mridiff_samplers.dps import DPS

    c = case(MANY, SIZE)
    A = SenseOperator(c.maps[None], c.mask[None])
    problem, sampler = Problem(A, c.y[None], Gaussian(0.002), A.domain), DPS(Denoiser(), steps=3)

    @torch.no_grad()
    def run() -> None:
        for _ in sampler.trajectory(problem, Streams.of(0, "dps")):
            pass

    return run


def peak(prepare: Callable[[], Run], threads: int) -> float:
    """The largest resident memory of a new process while it does what is prepared there, in GB; Linux alone can tell it."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(prepare, threads, send))
    process.start()
    send.close()
    try:
        found: float = receive.recv()
    except EOFError:
        raise SystemExit(f"{prepare.__name__} ended without a result, by exit code {process.exitcode}") from None
    process.join()
    return found


def _child(prepare: Callable[[], Run], threads: int, send: multiprocessing.connection.Connection) -> None:
    import torch

    torch.set_num_threads(threads)
    run = prepare()
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
    run()
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    send.send(int(kilobytes) / 1e6)


def report(options: argparse.Namespace) -> str:
    """The page."""
    runs = (imports, volume, gradient, dps)
    base, whole, network, sampler = (peak(run, options.threads) for run in runs)
    z, y, x = VOLUME
    data = 2 * COILS * z * y * x * 8 / 1e9
    ratio = (sampler - base) / (network - base)
    made = f"torch {version('torch')}, Python {platform.python_version()}, {platform.machine()}, {options.threads} thread(s)"
    return f"""# Peak memory

{made}. Resident memory of a process of its own, in GB; one
that has only imported what the others need takes {base:.2f}, which both numbers of the second table leave out.

| a volume of {x} x {y} x {z}, {COILS} coils | GB | asked |
|---|---|---|
| maps and k-space, of which the scan consists | {data:.2f} | |
| CG-SENSE, five iterations, all in memory | {whole:.2f} | at most {LIMITS["volume"]:g} |

| {SIZE} x {SIZE}, {MANY} coils | GB | asked |
|---|---|---|
| gradient of the network `brain` alone | {network - base:.2f} | |
| DPS, three steps | {sampler - base:.2f}, {ratio:.2f} times | at most {LIMITS["dps"]:g} times |
"""


if __name__ == "__main__":
    write_page(__doc__, "memory", report, rounds=1)
