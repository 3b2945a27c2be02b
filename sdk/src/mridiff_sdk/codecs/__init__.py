"""Ways between the operator's domain and the space in which a prior lives."""

from .channels import Channels
from .compose import Compose
from .fourier import Fourier
from .haar import Haar
from .radial import Profile, bands, radius, root_mean_power
from .weighted import Power, RadialWeight, Ramp
from .whitening import Whitening

__all__ = ["Channels", "Compose", "Fourier", "Haar", "Power", "Profile", "RadialWeight", "Ramp", "Whitening", "bands", "radius",
           "root_mean_power"]  # fmt: skip
