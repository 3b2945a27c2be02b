"""Training: what is learned is a value that a package returns; one loop, resumable to the bit, carries it out."""

from .run import Run
from .settings import Schedule, Settings
from .trainer import Trainer
from .training import Batch, Source, Stage, Training, Validate

__all__ = ["Batch", "Run", "Schedule", "Settings", "Source", "Stage", "Trainer", "Training", "Validate"]
