"""Captions: a scene in words, in several forms."""

from __future__ import annotations

from .scene import COLOURS, COLUMNS, GROUNDS, ROWS, SHAPES, SIZES, Scene, Thing

FORMS = 4
"""How many ways there are to say it: which word comes first, and whether the ground does."""
LENGTH = 24
"""Tokens of the longest caption, with one before and one after it."""
WORDS = ("and", "below", "over", *dict.fromkeys((*SHAPES, *COLOURS, *SIZES, *ROWS, *COLUMNS, *GROUNDS)))
"""Every word that a caption may have."""


def caption(scene: Scene, form: int = 0) -> str:
    """The scene in words: "large red disc top left and small blue ring middle right over olive below navy".

    The ground's lower tone comes before "below", its upper one after it. Form 1 begins with the colours, 2 with the ground, 3 with both.
    """
    things = " and ".join(_words(t, colour_first=form % 2 == 1) for t in scene.things)
    ground = f"{scene.below} below {scene.above}"
    return f"{ground} and {things}" if form >= FORMS // 2 else f"{things} over {ground}"


def _words(thing: Thing, colour_first: bool) -> str:
    first = (thing.colour, thing.size) if colour_first else (thing.size, thing.colour)
    return " ".join((*first, thing.shape, thing.row, thing.column))
