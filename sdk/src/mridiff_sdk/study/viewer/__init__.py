"""Viewer: the page to look through a study; its pictures lie beside it, and are loaded when they are looked at."""

from .page import write_viewer

__all__ = ["write_viewer"]
