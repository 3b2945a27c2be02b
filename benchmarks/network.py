"""One network evaluation in several ways on this processor: time, and what each way costs in quality.

python benchmarks/network.py            writes benchmarks/results/network.md; needs MRIDIFF_DATA
"""

from __future__ import annotations

import argparse
import copy
import os
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZES, SIGMA = (128,), 0.1
Run = Callable[[Any, float], Any]


def contiguous(model: Any) -> Any:
    """The model with weights and activations in the default layout; its own is channels-last."""
    import torch

    out = copy.deepcopy(model)
    out.net.to(memory_format=torch.contiguous_format)
    out.net.register_forward_pre_hook(lambda _, given: (given[0].contiguous(), *given[1:]))
    return out


def in_bfloat16(model: Any) -> Run:
    """The model under autocast."""
    import torch

    def run(x: Any, sigma: float) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return model(x, sigma)

    return run


def in_int8(model: Any) -> Any:
    """The model with dynamic quantisation, which torch offers for linear layers: here only the embedding and its projections."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(copy.deepcopy(model), {torch.nn.Linear}, torch.qint8)


def compiled(model: Any) -> Any:
    """The model with a compiled network, for static shapes."""
    out = copy.deepcopy(model)
    out.net.compile(dynamic=False)
    return out


def ways(model: Any) -> dict[str, Run]:
    """Every way by name; the second is what the prior does by itself where the processor has no bfloat16."""
    return {
        "float32, contiguous": contiguous(model),
        "float32, channels-last": model,
        "bfloat16 autocast, channels-last": in_bfloat16(model),
        "int8 dynamic": in_int8(model),
        "float32, compiled": compiled(model),
        "bfloat16, compiled": in_bfloat16(compiled(model)),
    }


def quality(run: Run, x0: Any) -> float:
    """PSNR in dB after denoising at SIGMA, of complex images with peak 1."""
    from mridiff.interfaces import Streams

    found = run(x0 + SIGMA * Streams.of(0, "network", len(x0)).normal_like(x0), SIGMA)
    return float(-10 * (found - x0).abs().square().flatten(1).mean(1).log10().mean())


def table(size: int, data: Path, options: argparse.Namespace) -> list[str]:
    """Times of one evaluation of a batch of one, and PSNR of two held-out slices."""
    from timing import interleaved

    from mridiff_priors.denoiser import load
    from mridiff_sdk.held_out import held_out

    model, x0 = load(options.weights), held_out(data, size, (30, 170))
    runs: dict[str, Run] = {}
    notes, first, scores = [], {}, {}
    for name, run in ways(model).items():
        begin = time.perf_counter()
        try:
            run(x0[:1], SIGMA)
            first[name] = time.perf_counter() - begin
            scores[name] = quality(run, x0)
            runs[name] = run
        except Exception as error:  # a way that this installation lacks is a finding
            notes.append(f"{name}: {type(error).__name__}: {str(error).strip().splitlines()[0][:160]}")
    times = interleaved({name: (lambda run=run: run(x0[:1], SIGMA)) for name, run in runs.items()}, options.rounds, options.seconds)
    exact, base = scores["float32, channels-last"], times["float32, contiguous"].cpu
    head = "| | best ms | median ms | CPU ms | times faster | first call s | PSNR dB | loss dB |"
    lines = [f"## {size} x {size}, one image", "", head, "|---|---|---|---|---|---|---|---|"]
    for name, t in times.items():
        cells = f"{t.best:.1f} | {t.median:.1f} | {t.cpu:.1f} | {base / t.cpu:.2f} | {first[name]:.1f}"
        lines.append(f"| {name} | {cells} | {scores[name]:.3f} | {exact - scores[name]:.4f} |")
    return [*lines, "", *(f"Skipped: {note}" for note in notes), ""]


def report(options: argparse.Namespace) -> str:
    """The whole page."""
    import torch

    from mridiff_priors.denoiser import load
    from mridiff_sdk.nets import fast_bfloat16

    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    parameters = sum(p.numel() for p in load(options.weights).parameters())
    chosen = "bfloat16" if fast_bfloat16(torch.device("cpu")) else "float32"
    load_before = os.getloadavg()[0]
    body = [line for size in options.sizes for line in table(size, Path(options.data), options)]
    return "\n".join([
        f"# One evaluation of the network `{options.weights}`, {parameters / 1e6:.2f} M parameters", "",
        f"{time.strftime('%Y-%m-%d')}, {options.threads} thread(s) of {os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()};",
        f"load {load_before:.1f} at the start and {os.getloadavg()[0]:.1f} at the end. torch {torch.__version__}, "
        f"Python {platform.python_version()}.", "",
        f"The prior's `precision: auto` chooses {chosen} on this processor. Interleaved rounds; best and median by the wall clock, CPU the",
        f"best processor time, from which the ratios are made. PSNR after denoising two held-out T2 slices at sigma = {SIGMA:g}; its loss",
        "is against float32, channels-last. The first call includes compilation.", "",
        *body,
    ]).rstrip() + "\n"  # fmt: skip


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", default="brain", help="name of shipped weights, or a file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=20, help="rounds per table at most")
    parser.add_argument("--seconds", type=float, default=40, help="seconds per table at most")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "network.md")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    text = report(options)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
