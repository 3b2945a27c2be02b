"""Drawn pictures with captions: what simulated fMRI experiments show, and what small picture models learn from."""

from .caption import FORMS, LENGTH, WORDS, caption
from .scene import ATTRIBUTES, Scene, Thing, scene

__all__ = ["ATTRIBUTES", "FORMS", "LENGTH", "WORDS", "Scene", "Thing", "caption", "scene"]
