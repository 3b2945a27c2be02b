"""Training: what is learned is a value that a package returns; one loop, resumable to the bit, carries it out."""

from .adversarial import AdversarialObjective
from .cold import ColdObjective, MaskFamily
from .configuration import read_configuration
from .job import Job, prepare
from .log import read_log
from .objectives import DenoisingObjective, NoiseLevels, errors_over_sigma
from .run import Run
from .settings import Schedule, Settings
from .trainer import Trainer
from .training import Batch, Source, Stage, Training, Validate

__all__ = ["AdversarialObjective", "Batch", "ColdObjective", "DenoisingObjective", "Job", "MaskFamily", "NoiseLevels", "Run", "Schedule",
           "Settings", "Source", "Stage", "Trainer", "Training", "Validate", "errors_over_sigma", "prepare", "read_configuration",
           "read_log"]  # fmt: skip
