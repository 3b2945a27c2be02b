"""The example scripts run as they are, and say what they promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name, folder):
    done = subprocess.run([sys.executable, str(EXAMPLES / name)], cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not list(folder.iterdir()), "an example leaves files behind"
    return done.stdout.splitlines()


@pytest.mark.slow
def test_an_operator_of_ones_own(tmp_path):
    laws, alone, inverted = run("own_operator.py", tmp_path)
    assert laws == "laws broken: none"
    assert float(inverted.split()[-1]) < 0.1 * float(alone.split()[-1])


@pytest.mark.slow
def test_a_reconstruction_from_python(tmp_path):
    lines = run("reconstruct.py", tmp_path)
    psnr = [float(line.split("'psnr': ")[1].split(",")[0]) for line in lines[1:3]]
    assert psnr[1] > psnr[0] + 8, "the reconstruction is hardly better than the zero-filled image"
