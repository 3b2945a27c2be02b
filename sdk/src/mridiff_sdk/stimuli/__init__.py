"""Drawn pictures with captions: what simulated fMRI experiments show, what small picture models learn from, and a judge."""

from .caption import FORMS, LENGTH, WORDS, caption
from .judge import Judge, identified, trained_judge
from .scene import ATTRIBUTES, Scene, Thing, scene

__all__ = ["ATTRIBUTES", "FORMS", "LENGTH", "WORDS", "Judge", "Scene", "Thing", "caption", "identified", "scene", "trained_judge"]
