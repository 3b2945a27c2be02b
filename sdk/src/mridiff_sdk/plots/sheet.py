"""Sheet: a dark page measured in pixels, on which pictures, text and colour bars are placed from the top left."""

from __future__ import annotations

import math
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mridiff.io.atomic import write_atomically

from .numbers import short
from .planes import Picture
from .window import Window

DPI = 144
BACKGROUND, BRIGHT, TEXT, QUIET, ACCENT = "#0e1116", "#f4f6f8", "#c9d1d9", "#8b949e", "#ffb454"
TITLE, NAME, SMALL, TINY = 15.0, 11.5, 10.0, 8.5  # points
_SIGNED = ("#b8e3ff", "#4a9fe0", "#1f5688", "#000000", "#8a3d1f", "#e0793f", "#ffdcb0")
_FONT = "DejaVu Sans"  # comes with matplotlib, so that a sheet is the same everywhere


def line(points: float) -> int:
    """Height in pixels of a line of text of this size."""
    return round(points * 1.5 * DPI / 72)


def enlarged(shape: tuple[int, ...], target: int) -> tuple[int, int, float]:
    """Height, width and scale in pixels at which a picture is shown: a whole number of pixels per pixel, its longer side near `target`."""
    longest = max(shape)
    scale: float = max(1, math.ceil(target / longest - 0.25)) if longest <= 1.3 * target else target / longest
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)), scale


class Sheet:
    """A page of `width` x `height` pixels; as a context manager it writes itself to `path` at the end."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.path, self.width, self.height = Path(path), width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=BACKGROUND)
        self.canvas = FigureCanvasAgg(self.figure)
        self.page = self.figure.add_axes((0, 0, 1, 1))  # one for all pictures, in pixels: axes of their own would cost most of the time
        self.page.set_axis_off()
        self.page.set(xlim=(0, width), ylim=(height, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            with write_atomically(self.path) as temporary:
                self.figure.savefig(temporary, format="png", dpi=DPI, facecolor=BACKGROUND,
                                    metadata={"Software": "mridiff"}, pil_kwargs={"compress_level": 4})  # fmt: skip

    def picture(
        self, values: Picture, left: int, top: int, size: tuple[int, int], window: Window, cmap: str = "gray", edge: str = ""
    ) -> None:
        """Show `values` within `size` (height, width), with a thin edge of a colour if one is named; the window holds for each channel."""
        crisp = size[0] % values.shape[0] == 0 and size[1] % values.shape[1] == 0
        if values.ndim == 3:
            values = np.clip((values - window.low) / (window.high - window.low), 0, 1)
        self.page.imshow(values, cmap=_colours(cmap), vmin=window.low, vmax=window.high, aspect="auto",
                         extent=(left, left + size[1], top + size[0], top),
                         interpolation="nearest" if crisp else "antialiased")  # fmt: skip
        if edge:
            self.frame(left, top, size, edge)

    def frame(self, left: float, top: float, size: tuple[float, float], colour: str) -> None:
        """A thin rectangle of `size` (height, width)."""
        from matplotlib.patches import Rectangle

        self.page.add_patch(Rectangle((left, top), size[1], size[0], fill=False, edgecolor=colour, linewidth=1.0))

    def text(self, words: str, x: float, top: float, size: float = SMALL, *, colour: str = TEXT, width: float = 0, **style: Any) -> None:
        """One line of plain text (never mathematics), shortened to `width` pixels; its left edge, or what `ha` says, at x."""
        item = self.figure.text(x / self.width, 1 - top / self.height, printable(words), fontsize=size, color=colour,
                                va="top", fontfamily=_FONT, parse_math=False, usetex=False, **style)  # fmt: skip
        renderer: Any = self.canvas.get_renderer()
        while width and len(item.get_text()) > 2 and (extent := item.get_window_extent(renderer).width) > width:
            words = item.get_text().rstrip("…")
            item.set_text(words[: max(1, min(len(words) - 1, int(len(words) * width / extent)))].rstrip() + "…")

    def bar(self, label: str, left: int, top: int, width: int, window: Window, cmap: str = "gray") -> int:
        """A colour bar with its label above and its values below; returns its height."""
        height = line(TINY) // 2
        self.text(label, left, top, TINY, colour=TEXT, width=width)
        self.picture(np.linspace(window.low, window.high, 256)[None], left, top + line(TINY), (height, width), window, cmap, QUIET)
        for x, value, ha in ((0.0, window.low, "left"), (0.5, (window.low + window.high) / 2, "center"), (1.0, window.high, "right")):
            below = top + line(TINY) + height + 4
            self.text(short(value).replace("-", "−"), left + x * width, below, TINY, colour=QUIET, ha=ha)
        return 2 * line(TINY) + height + 4


def printable(words: str) -> str:
    """One line of text that the font can show: others than its characters become a box, long texts are cut."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties(family=_FONT))).get_charmap()
    return "".join(c if ord(c) in known else "□" for c in " ".join(words.split())[:300])


def _colours(name: str) -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("signed", _SIGNED) if name == "signed" else colormaps[name]
    return colours.with_extremes(bad=BACKGROUND)


def table_of(name: str, steps: int) -> list[list[float]]:
    """Red, green and blue of a colour map at so many places, 0 to 1."""
    return [[round(float(c), 4) for c in channel] for channel in _colours(name)(np.linspace(0, 1, steps))[:, :3].T]
