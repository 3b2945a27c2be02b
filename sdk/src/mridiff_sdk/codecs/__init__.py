"""Ways between the operator's domain and the space in which a prior lives."""

from .channels import Channels
from .compose import Compose
from .fourier import Fourier
from .haar import Haar
from .weighted import Power, RadialWeight, Ramp
from .whitening import Whitening

__all__ = ["Channels", "Compose", "Fourier", "Haar", "Power", "RadialWeight", "Ramp", "Whitening"]
