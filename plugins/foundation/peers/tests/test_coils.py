"""A scan that is none of one plane is refused in words, by every operator that is installed."""

from importlib import import_module

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured
from mridiff_peers import plugin

OPERATORS = list(plugin.mridiff_operators())


@pytest.mark.parametrize("spec", OPERATORS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("wrong", ["mask", "trajectory", "sensitivity_maps"])
def test_volumes_and_series_are_refused(spec, wrong):
    module, name = spec.target.split(":")
    fields = {"mask": Field(torch.ones(1, 8, 8), ("ky", "kx")), "trajectory": Field(torch.zeros(1, 3, 8, 2), ("shot", "readout", "channel")),
              "sensitivity_maps": Field(torch.ones(1, 2, 8, 8, dtype=torch.complex64), ("coil", "y", "x"))}  # fmt: skip
    fields[wrong] = Field(fields[wrong].data[:, None], ("t", *fields[wrong].axes))
    needed = {trait for trait in ("mask", "trajectory") if trait in {t.value for t in spec.needs["dataset"].all}} | {"sensitivity_maps"}
    if wrong not in needed:
        pytest.skip(f"it takes no {wrong}")
    with pytest.raises(DataError, match=r"expected .*\(sample"):
        getattr(import_module(module), name).for_scan(Measured(torch.zeros(1, 2, 8, 8), Gaussian(0.1), fields))
