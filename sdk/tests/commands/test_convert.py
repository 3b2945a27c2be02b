"""`mridiff convert`: networks of public checkpoints, whatever file they come in; nothing but tensors is ever read."""

import importlib.util
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.io.weights import read_weights
from mridiff_sdk.nets.converted import Converted


def sibling(name):
    spec = importlib.util.spec_from_file_location(f"convert_{name}", Path(__file__).parents[1] / "nets" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SONG, NCSN = sibling("test_song"), sibling("test_ncsnpp")


@pytest.fixture
def convert(tmp_path):
    def run(source, *options):
        return CliRunner().invoke(application(), ["convert", str(source), "-o", str(tmp_path / "out.safetensors"), *map(str, options)])

    return run


def images():
    return torch.randn(2, 2, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([0.3, 2.0])


def edm(net, x, s, sigma_data=0.5):
    """Karras et al., 2022, equation 7 with the last column of table 1."""
    v = s.reshape(-1, 1, 1, 1)
    total = (v**2 + sigma_data**2).sqrt()
    return sigma_data**2 / total**2 * x + v * sigma_data / total * net(x / total, s.log() / 4)


FILES = {
    "state dictionary": lambda state: state,
    "inside a checkpoint": lambda state: {"step": 3, "ema": state, "net": {k: v + 1 for k, v in state.items()}},
    "wrapped for several devices": lambda state: {"state_dict": {f"module.model.{k}": v for k, v in state.items()}},
}


@pytest.mark.parametrize("file", FILES)
def test_an_edm_checkpoint(convert, tmp_path, file):
    net = SONG.network("DDPM++")
    torch.save(FILES[file](net.state_dict()), tmp_path / "them.pt")
    result = convert(tmp_path / "them.pt", "--format", "edm", "--sigma-data", 0.4)
    assert result.exit_code == 0, result.output
    assert "priors.prior.use=converted " in result.output and "0.05 M parameters, 2 channel(s)" in result.output
    model, (x, s) = Converted.load(tmp_path / "out.safetensors"), images()
    torch.testing.assert_close(model(x, s), edm(net, x, s, 0.4))
    assert read_weights(tmp_path / "out.safetensors")[1]["source"] == "them.pt"


def test_an_edm_checkpoint_in_safetensors(convert, tmp_path):
    net = SONG.network("NCSN++")
    save_file(net.state_dict(), tmp_path / "them.safetensors")
    assert convert(tmp_path / "them.safetensors", "--format", "edm").exit_code == 0
    model, (x, s) = Converted.load(tmp_path / "out.safetensors"), images()
    torch.testing.assert_close(model(x, s), edm(net, x, s))


@pytest.mark.parametrize("kind", ["vp", "ve"])
def test_other_preconditionings(convert, tmp_path, kind):
    """Table 1: VP reads 999 t(sigma) and predicts the noise, VE reads ln(sigma / 2)."""
    net, (x, s) = SONG.network("DDPM++"), images()
    torch.save(net.state_dict(), tmp_path / "them.pt")
    assert convert(tmp_path / "them.pt", "--format", "edm", "--precondition", kind).exit_code == 0
    v = s.reshape(-1, 1, 1, 1)
    t = torch.tensor([(math.sqrt(0.1**2 + 2 * 19.9 * math.log(1 + float(k) ** 2)) - 0.1) / 19.9 for k in s])
    expected = x - v * net(x / (v**2 + 1).sqrt(), 999 * t) if kind == "vp" else x + v * net(x, (s / 2).log())
    torch.testing.assert_close(Converted.load(tmp_path / "out.safetensors")(x, s), expected, atol=1e-4, rtol=1e-4)


def ncsnpp():
    theirs = NCSN.song(
        SONG.described(**{**SONG.PLAIN, "mults": (1, 2), "blocks": 1, "encoder": "residual", "fourier": True, "noise": 16, "filter": 4})
    )
    return theirs, NCSN.in_score_sde_form(theirs)


def test_a_score_sde_checkpoint_with_averaged_parameters(convert, tmp_path):
    """The averages are a list in the order of the trained parameters; the model beside them holds other values."""
    net, tensors = ncsnpp()
    other = {f"module.{k}": v if k.endswith("s.0.W") else v + 1 for k, v in tensors.items()}
    shadow = [v for k, v in tensors.items() if k != "all_modules.0.W"]
    sigmas = torch.tensor([378.0, 3.0, 0.01])
    checkpoint = {
        "optimizer": {"state": {}},
        "model": {"module.sigmas": sigmas, **other},
        "ema": {"decay": 0.9, "num_updates": 2, "shadow_params": shadow},
        "step": 7,
    }
    torch.save(checkpoint, tmp_path / "them.pth")
    result = convert(tmp_path / "them.pth", "--format", "ncsnpp", "--centred")
    assert result.exit_code == 0, result.output
    model, (x, s) = Converted.load(tmp_path / "out.safetensors"), images()
    assert model.sigma_range == (pytest.approx(0.01), 378.0)
    score = net(x, s.log()) / s.reshape(-1, 1, 1, 1)
    torch.testing.assert_close(model(x, s), x + s.reshape(-1, 1, 1, 1) ** 2 * score, atol=1e-4, rtol=1e-4)


def test_a_file_that_would_run_code_is_refused(convert, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    torch.save({"state_dict": Trap()}, tmp_path / "trap.pt")
    result = convert(tmp_path / "trap.pt", "--format", "edm")
    assert result.exit_code == 2 and "would run code" in result.output
    assert not (tmp_path / "sprung").exists() and not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(("content", "text"), [
    ({"weights": {"a": 1}}, "the checkpoint holds weights"), ({"state_dict": {"a": torch.zeros(2)}}, "no DDPM++ or NCSN++ network"),
])  # fmt: skip
def test_what_is_no_network_is_named(convert, tmp_path, content, text):
    torch.save(content, tmp_path / "them.pt")
    result = convert(tmp_path / "them.pt", "--format", "edm")
    assert result.exit_code == 2 and text in result.output


def test_unreadable_files(convert, tmp_path):
    (tmp_path / "them.pt").write_bytes(b"no checkpoint")
    assert convert(tmp_path / "them.pt", "--format", "edm").exit_code == 2
    assert "cannot be read" in convert(tmp_path / "nothing.pt", "--format", "edm").output
    assert "must end in .safetensors" in CliRunner().invoke(application(), ["convert", "a", "-o", "b.pt", "--format", "edm"]).output


@pytest.mark.parametrize("pipeline", [True, False])
def test_a_folder_of_diffusers(convert, tmp_path, pipeline):
    net, scheduler = (tmp_path / "unet", tmp_path / "scheduler") if pipeline else (tmp_path, tmp_path)
    for folder in {net, scheduler}:
        folder.mkdir(exist_ok=True)
    (net / "config.json").write_text('{"_class_name": "UNet2DModel"}')
    assert "scheduler_config.json, " in convert(tmp_path, "--format", "diffusers").output
    (scheduler / "scheduler_config.json").write_text('{"num_train_timesteps": 10}')
    torch.save({"conv_in.weight": torch.ones(2)}, net / "diffusion_pytorch_model.bin")
    result = convert(tmp_path, "--format", "diffusers")
    assert result.exit_code == 0 and "priors.prior.use=diffusers " in result.output, result.output
    tensors, header = read_weights(tmp_path / "out.safetensors")
    assert header["format"] == "diffusers" and json.loads(header["scheduler"]) == {"num_train_timesteps": 10}
    assert torch.equal(tensors["conv_in.weight"], torch.ones(2))
