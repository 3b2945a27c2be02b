"""Denoising side by side: the shipped prior, non-local means and, where it is installed, BM3D, over noise levels, on unseen heads.

python benchmarks/denoising.py            writes benchmarks/results/denoising.md; needs MRIDIFF_DATA
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

SIGMAS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
STRENGTHS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5)
"""Filter strengths of non-local means that are tried, in units of the noise of a channel."""
PATCHES = ((3, 5), (5, 6), (5, 9), (7, 9))
"""Patch sizes and search distances that are tried, in pixels."""
Denoise = Callable[[Any, float], Any]


def non_local_means(x: Any, sigma: float, strength: float, patch: int, distance: int) -> Any:
    """Complex image (y, x); the distance of patches is over both channels, sigma is known."""
    import numpy as np
    from skimage.restoration import denoise_nl_means

    channel = sigma / 2**0.5
    pair = np.stack([x.real, x.imag], axis=-1).astype(np.float64)
    out = denoise_nl_means(pair, patch, distance, h=strength * channel, fast_mode=True, sigma=channel, channel_axis=-1)
    return out[..., 0] + 1j * out[..., 1]


def block_matching(x: Any, sigma: float) -> Any:
    """Complex image (y, x) by BM3D of the real and of the imaginary part, sigma is known."""
    import bm3d

    return bm3d.bm3d(x.real.copy(), sigma / 2**0.5) + 1j * bm3d.bm3d(x.imag.copy(), sigma / 2**0.5)


def noisy(x0: Any, sigma: float, seed: int) -> Any:
    """x0 + sigma n, complex (sample, y, x)."""
    from mridiff.interfaces import Streams

    return x0 + sigma * Streams.of(seed, f"{sigma:g}", len(x0)).normal_like(x0)


def psnr(found: Any, x0: Any) -> float:
    """Mean over the samples, in dB, of complex images with peak 1."""
    return float(-10 * (found - x0).abs().square().flatten(1).mean(1).log10().mean())


def each(denoise: Denoise, x: Any, sigma: float) -> Any:
    """A denoiser of single numpy images on all samples."""
    import numpy as np
    import torch

    return torch.from_numpy(np.stack([denoise(image.numpy(), sigma) for image in x])).to(torch.complex64)


def tuned(x0: Any) -> dict[float, tuple[float, int, int]]:
    """The strength, patch and distance of non-local means that are best on `x0`, for each noise level."""
    settings = [(s, *p) for s in STRENGTHS for p in PATCHES]
    best = {}
    for sigma in SIGMAS:
        x = noisy(x0, sigma, 1)
        scores = {c: psnr(each(lambda u, s, c=c: non_local_means(u, s, *c), x, sigma), x0) for c in settings}
        best[sigma] = max(scores, key=lambda c: scores[c])
    return best


def methods(tuning: Any, weights: str) -> dict[str, Denoise]:
    """Functions of images (sample, y, x) and noise level."""
    from mridiff_priors.denoiser import Denoiser

    prior, settings = Denoiser(weights), tuned(tuning)
    found: dict[str, Denoise] = {
        "noisy": lambda x, _: x,
        "non-local means": lambda x, sigma: each(lambda u, s: non_local_means(u, s, *settings[sigma]), x, sigma),
    }
    if importlib.util.find_spec("bm3d"):
        found["BM3D"] = lambda x, sigma: each(block_matching, x, sigma)
    return {**found, f"`{Path(weights).stem}`": prior}


def table(x0: Any, found: Mapping[str, Denoise]) -> list[str]:
    """PSNR by method and noise level, and seconds an image."""
    lines = ["| sigma | " + " | ".join(f"{s:g}" for s in SIGMAS) + " | s an image |", "|---" * (len(SIGMAS) + 2) + "|"]
    for name, denoise in found.items():
        begin = time.perf_counter()
        scores = [psnr(denoise(noisy(x0, sigma, 0), sigma), x0) for sigma in SIGMAS]
        seconds = (time.perf_counter() - begin) / len(SIGMAS) / len(x0)
        lines.append(f"| {name} | " + " | ".join(f"{s:.2f}" for s in scores) + f" | {seconds:.2f} |")
    return lines


def report(data: Path, weights: str) -> str:
    """The whole page."""
    import torch

    from mridiff_sdk.held_out import clinical, held_out, measured

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    head = measured(data)[0]
    tuning = head[:, (head.shape[1] - 128) // 2 :, (head.shape[2] - 128) // 2 :][:, :128, :128]
    found = methods(tuning, weights)
    slices = held_out(data, 128, tuple(range(5, 300, 30)))
    names = [f"{n} {version(n)}" for n in ("torch", "scikit-image", *(["bm3d"] if "BM3D" in found else []))]
    return "\n".join([
        "# Denoising of heads that the prior has not seen", "",
        f"{time.strftime('%Y-%m-%d')}, one thread. {', '.join(names)}, Python {platform.python_version()}.", "",
        "PSNR in dB of complex images (peak 1 = 99th percentile of the magnitude), mean; sigma is per complex number and known to all.",
        "Non-local means searches patches over both channels; strength, patch and distance are tuned for each level on another head, the",
        "centre of the measured eight-coil one. BM3D works on real and imaginary part. The references hold noise of their own",
        "(about 0.017), which bounds the first columns.", "",
        "## Ten complex T2 slices of five heads, 128 x 128", "", *table(slices, found), "",
        "Below, six slices of each scan of a patient whom the prior has not seen, 128 x 128: magnitudes with a simulated phase.", "",
        *(line for name in ("t1", "t2", "flair") for line in (f"## Clinical {name.upper()}", "", *table(clinical(data, name), found), "")),
        *([] if "BM3D" in found else ["Skipped: BM3D (the package bm3d is not installed).", ""]),
    ]).rstrip() + "\n"  # fmt: skip


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MRIDIFF_DATA"), help="data folder (default: MRIDIFF_DATA)")
    parser.add_argument("--weights", default="brain", help="name of shipped weights, or a file")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "denoising.md")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data FOLDER, or set MRIDIFF_DATA")
    text = report(Path(options.data), options.weights)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
