"""BART as a sampler: its answer in closed form where there is one, for all sizes; its files; and a program that fails or is not there."""

from shutil import which

import pytest
import torch

from mridiff.errors import DataError, MissingPackage
from mridiff.interfaces import Field, Gaussian, Measured, Problem, Streams
from mridiff_operators.fourier import FourierOperator
from mridiff_operators.sense import KtSense, Sense3D, SenseOperator
from mridiff_peers.bart import BartPics
from mridiff_samplers.cg_sense import CGSense
from mridiff_sdk.coils import simulate_maps

needs_bart = pytest.mark.skipif(which("bart") is None, reason="the program bart is not installed")


def problem(kind, size):
    """A random image under half of its k-space, seen by four coils."""
    space = [a for a in kind.axes if a != "t"]
    maps, rng = simulate_maps(4, size[-len(space) :], 0)[None], Streams.of(0, "bart")
    mask = (rng.uniform(size) < 0.5).float()
    A, x = kind(maps, mask), rng.normal(size)
    places = tuple(a if a == "t" else f"k{a}" for a in kind.axes)
    acquisition = {"mask": Field(mask, places), "sensitivity_maps": Field(maps, ("coil", *space))}
    return Problem.of(A, Measured(A(x), Gaussian(0.01), acquisition))


@needs_bart
@pytest.mark.parametrize(("kind", "size"), [
    (SenseOperator, (12, 8)), (SenseOperator, (10, 12)), (SenseOperator, (9, 7)), (Sense3D, (5, 6, 8)), (KtSense, (3, 9, 10)),
])  # fmt: skip
def test_with_the_l2_norm_it_is_damped_least_squares(kind, size):
    p = problem(kind, size)
    found = BartPics(regularisation="l2", weight=0.1, iterations=200)(p, Streams.of(0, samples=2))
    exact = CGSense(l2=0.1, iterations=400, tolerance=1e-9)(p, Streams.of(0))
    torch.testing.assert_close(found, exact.expand_as(found), rtol=1e-4, atol=1e-5)


@needs_bart
@pytest.mark.parametrize("regularisation", ["wavelet", "tv"])
def test_more_weight_takes_it_further_from_the_data(regularisation):
    p = problem(SenseOperator, (20, 18))
    misfits = [float((p.linear(BartPics(regularisation=regularisation, weight=w)(p, Streams.of(0))) - p.y).norm() / p.y.norm())
               for w in (1e-4, 1.0)]  # fmt: skip
    assert misfits[0] < 0.15 and misfits[1] > 2 * misfits[0], misfits


@needs_bart
def test_one_coil_without_maps():
    mask = torch.ones(1, 9, 6)
    A, x = FourierOperator(mask), Streams.of(0, "x").normal((9, 6))
    p = Problem.of(A, Measured(A(x), Gaussian(0.01), {"mask": Field(mask, ("ky", "kx"))}))
    torch.testing.assert_close(BartPics(weight=1e-6)(p, Streams.of(0)), x, rtol=1e-3, atol=1e-3)


def program(folder, monkeypatch, text):
    file = folder / "bart"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_files_are_written_and_read_as_the_program_has_them(tmp_path, monkeypatch):
    """A program that gives back the first coil of y: sizes y, x, 1, coil, the first axis fastest."""
    program(
        tmp_path,
        monkeypatch,
        f"head -c {8 * 12 * 8} y.cfl > x.cfl; printf '#\\n8 12 1\\n' > x.hdr; cp y.hdr {tmp_path}; echo $@ > {tmp_path}/words",
    )
    p = problem(SenseOperator, (8, 12))
    assert torch.allclose(BartPics()(p, Streams.of(0)), p.y[:, 0], atol=1e-6)
    assert (tmp_path / "y.hdr").read_text().split("\n")[1] == "8 12 1 4" + 12 * " 1"
    assert (tmp_path / "words").read_text() == "pics -S -e -i 100 -R W:3:0:0.002 -p mask y maps x\n"


def test_a_program_that_fails_is_told(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, "echo no memory >&2; exit 1")
    with pytest.raises(DataError, match=r"bart pics .* failed: no memory"):
        BartPics()(problem(SenseOperator, (4, 4)), Streams.of(0))


def test_a_program_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPackage, match="program bart"):
        BartPics()(problem(SenseOperator, (4, 4)), Streams.of(0))


def test_another_operator_is_refused():
    p = problem(SenseOperator, (4, 4))
    with pytest.raises(DataError, match="bart-pics is for Cartesian sampling"):
        BartPics()(Problem.of(p.linear.H, Measured(torch.zeros(1, 4, 4, dtype=torch.complex64), Gaussian(0.1))), Streams.of(0))
