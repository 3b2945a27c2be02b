"""deepinv and mrpro import torchvision by name; where they are without one, an empty one stands in, as in the benchmarks."""

from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

if find_spec("deepinv") or find_spec("mrpro"):
    spec = spec_from_file_location("torchvision_stand_in", Path(__file__).parents[4] / "benchmarks" / "torchvision_stand_in.py")
    stand_in = module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    stand_in.install()
