"""The row of BART: its files, and its image beside ours, where the program is installed; a program that fails is told."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Field, Gaussian, Measured, Scan
from mridiff_samplers.bart import installed, l1_wavelet
from mridiff_sdk.coils import simulate_maps
from mridiff_sdk.fourier import fft


def _scan():
    n, m = 32, 24
    y, x = torch.arange(n) - n / 2, torch.arange(m) - m / 2
    image = (torch.hypot(y[:, None], x + 3) < 9) * torch.polar(torch.ones(m), x / 9)
    maps = simulate_maps(4, (n, m), 0)[None]
    return Scan("disc", Measured(fft(maps * image), Gaussian(0.01), {"sensitivity_maps": Field(maps, ("coil", "y", "x"))}),
                {"x": Field(image[None], ("y", "x"))})  # fmt: skip


def _program(folder, monkeypatch, text):
    file = folder / "bart"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_files_are_written_and_read_as_the_program_has_them(tmp_path, monkeypatch):
    """A program that gives back the first coil of y: sizes y, x, 1, coil, the first axis fastest."""
    _program(tmp_path, monkeypatch, f"head -c {32 * 24 * 8} y.cfl > x.cfl; cp y.hdr {tmp_path}/y.hdr; echo $@ > {tmp_path}/words")
    scan = _scan()
    assert torch.equal(l1_wavelet(scan, 0), scan.measured.y[:, 0])
    assert (tmp_path / "y.hdr").read_text().split("\n")[1] == "32 24 1 4"
    assert (tmp_path / "words").read_text().startswith("pics -S -e -i 100 -R W:3:0:")


def test_a_program_that_fails_is_told(tmp_path, monkeypatch):
    _program(tmp_path, monkeypatch, "echo no memory >&2; exit 1")
    with pytest.raises(DataError, match="disc: bart pics failed: no memory"):
        l1_wavelet(_scan(), 0)


@pytest.mark.skipif(not installed(), reason="the program bart is not installed")
def test_a_full_scan_gives_its_image():
    scan = _scan()
    x = scan.truth["x"].data
    assert torch.linalg.vector_norm(l1_wavelet(scan, 0) - x) < 0.1 * torch.linalg.vector_norm(x)
