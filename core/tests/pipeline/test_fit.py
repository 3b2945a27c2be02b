"""What a method refuses before it computes: devices that are not there, things that are no scan, measurements of another shape."""

import json

import numpy as np
import pytest
import torch

import toy
from mridiff.errors import ConfigError, DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff.pipeline import method as method_module
from mridiff.pipeline.method import load, usable
from toy import CONFIG, Few, registry


@pytest.mark.parametrize("name", ["gpu", "", "cuda:99", "meta", "cpu:x", "CPU", " cpu", "cuda:-1", "a" * 1000])
def test_a_device_that_cannot_compute_is_refused_with_those_that_can(name):
    with pytest.raises(ConfigError, match="device") as caught:
        load(CONFIG, registry(), device=name)
    assert "cpu" in caught.value.hint and json.dumps(caught.value.as_dict())


def test_a_device_that_breaks_at_the_first_number_is_refused(monkeypatch):
    def broken(*size, device):
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(method_module.torch, "ones", broken)
    with pytest.raises(ConfigError, match="not compiled"):
        usable("cuda")


def test_a_device_that_is_there_is_given():
    assert usable("cpu") == torch.device("cpu")


@pytest.mark.parametrize("given", [np.zeros((4, 6)), torch.zeros(4, 6), None, "scan.h5", Few()[0].measured, Few()])
def test_what_is_no_scan_is_told_with_what_to_do(given):
    with pytest.raises(DataError, match=type(given).__name__) as caught:
        load(CONFIG, registry())(given)
    assert "open_scans" in caught.value.hint


def scan(y, **more):
    mask = Field(torch.ones(1, 4, 6), ("y", "x"))
    return Scan("s", Measured(y, Gaussian(0.1), {"mask": mask, **more}))


MAPS = {"sensitivity_maps": Field(torch.ones(1, 3, 4, 6, dtype=torch.complex64), ("coil", "y", "x"))}
WRONG = {
    "an axis too many": (torch.ones(1, 3, 4, 6, dtype=torch.complex64), {}, "has 4 axes where 3 are wanted"),
    "several coils": (torch.ones(1, 3, 4, 6, dtype=torch.complex64), MAPS, r"single coil without maps, the scan has maps of 3 coil\(s\)"),
    "other sizes": (torch.ones(1, 6, 4, dtype=torch.complex64), {}, r"has shape \(1, 6, 4\)"),
    "real": (torch.ones(1, 4, 6), {}, "is real"),
    "two blocks": ((torch.ones(1, 4, 6), torch.ones(1, 4, 6)), {}, r"expects 1 measurement\(s\), the scan has 2"),
    "nothing": (None, {}, r"expects 1 measurement\(s\), the scan has 0"),
}


@pytest.mark.parametrize(("y", "more", "words"), WRONG.values(), ids=WRONG)
def test_a_measurement_that_does_not_fit_the_operator_is_refused_before_anything_runs(monkeypatch, y, more, words):
    monkeypatch.setattr(toy.Walk, "trajectory", lambda *_: pytest.fail("the sampler ran"))
    with pytest.raises(DataError, match=words) as caught:
        load(CONFIG, registry())(scan(y, **more))
    assert "local/mask" in caught.value.message and caught.value.hint


def test_one_that_fits_passes():
    problem, _, scale = load(CONFIG, registry()).prepare(Few()[0])
    torch.testing.assert_close(problem.y * scale, Few()[0].measured.y)
