"""`mridiff convert`: networks of public checkpoints, whatever file they come in; nothing but tensors is ever read."""

import importlib.util
import json
import math
import resource
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from mridiff.cli.app import application
from mridiff.errors import UnsafeInput
from mridiff_sdk.commands.convert import plain
from mridiff_sdk.io.weights import read_weights
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


def lists(n):
    content = []
    for _ in range(n):
        content = [content]
    return content


HOSTILE = {
    "one number for many": ("ncsnpp", {"ema": {"a": torch.zeros(1).half().expand(10**11)}}, "a claims 100000000000 numbers"),
    "keys that are numbers": ("edm", {1: torch.ones(2)}, "no table of tensors"),
    "averages that are a number": ("ncsnpp", {"ema": {"shadow_params": 3}, "model": {"a": torch.ones(2)}}, "no list of tensors but int"),
    "averages that hold a number": ("ncsnpp", {"ema": {"shadow_params": [3]}, "model": {"a": torch.ones(2)}}, "no list of tensors but list"),
    "averages of one number": (
        "ncsnpp", {"ema": {"shadow_params": [torch.zeros(1).expand(10**11)]}, "model": {"a": torch.ones(2)}}, "averaged parameter 0 claims"),
    "no levels": ("ncsnpp", {"sigmas": torch.ones(0), "b": torch.ones(1)}, "min(): Expected"),
    "a name without a number": ("ncsnpp", {"all_modules.x.weight": torch.ones(1)}, "does not describe a network"),
    "weights without axes": ("ncsnpp", {f"all_modules.{i}.W": torch.ones(()) for i in range(9)}, "does not describe a network"),
    "EDM weights without axes": ("edm", {"enc.8x8_conv.weight": torch.ones(()), "map_layer0.weight": torch.ones(())}, "does not describe"),
    "nothing": ("edm", {}, "no table of tensors was found; the checkpoint holds nothing"),
    "a list in lists": ("edm", lists(50), "no table of tensors"),
    "nothing at all": ("ncsnpp", None, "no table of tensors was found; the checkpoint holds NoneType"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_checkpoint_is_one_error(convert, tmp_path, name):
    form, content, words = HOSTILE[name]
    torch.save(content, tmp_path / "them.pt")
    result = convert(tmp_path / "them.pt", "--format", form)
    assert result.exit_code == 2 and words in result.output, result.output
    assert not (tmp_path / "out.safetensors").exists()


def test_a_network_that_would_need_more_than_its_file_holds_is_not_built(convert, tmp_path):
    """Each tensor has its size; only the layers between them, which the file lacks, would be large."""
    _, tensors = ncsnpp()
    n = 20_000
    wide = {"all_modules.4.GroupNorm_0.weight": torch.ones(n), "all_modules.4.Conv_0.weight": torch.ones(n, 1, 1, 1)}
    torch.save({**tensors, **wide}, tmp_path / "them.pt")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = convert(tmp_path / "them.pt", "--format", "ncsnpp")
    assert result.exit_code == 2 and "its description asks for more than" in result.output, result.output
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, "a layer was made before it was refused"


def test_tensors_that_are_no_plain_arrays_are_named():
    sparse = torch.sparse_coo_tensor(torch.zeros(1, 1).long(), torch.ones(1), (10**10,), check_invariants=True)
    with pytest.raises(UnsafeInput, match="a is no plain array; b is no plain array"):
        plain({"a": sparse, "b": torch.empty(3, device="meta"), "c": torch.ones(3)})


SLIPS = {
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n",
    "a web page": b"\n<!DOCTYPE html><html>404</html>",
    "a text in JSON": b'{"error": "not found"}',
    "an empty file": b"",
    "a gzip archive": b"\x1f\x8b\x08\0\0",
}


@pytest.mark.parametrize("kind", SLIPS)
def test_a_download_of_something_else_is_named(convert, tmp_path, kind):
    (tmp_path / "them.pth").write_bytes(SLIPS[kind])
    result = convert(tmp_path / "them.pth", "--format", "edm")
    assert result.exit_code == 2 and f"this is no checkpoint but {kind}" in result.output and "run code" not in result.output


@pytest.mark.parametrize("keep", [1, 10, 500, -10])
def test_a_truncated_checkpoint_would_not_run_code(convert, tmp_path, keep):
    torch.save({"a": torch.zeros(500)}, tmp_path / "them.pt")
    (tmp_path / "them.pt").write_bytes((tmp_path / "them.pt").read_bytes()[:keep])
    result = convert(tmp_path / "them.pt", "--format", "edm")
    assert result.exit_code == 2 and "this is no checkpoint of PyTorch" in result.output and "run code" not in result.output


@pytest.mark.parametrize(("config", "weights", "words"), [
    ("{", {"a": torch.ones(1)}, "config.json: this is no JSON"), ("[" * 10**5, {"a": torch.ones(1)}, "config.json: this is no JSON"),
    ("{}", [1], "no table of tensors but list"), ("{}", {"a": 3}, "no table of tensors but dict"),
    ("{}", {"a": torch.zeros(1).expand(10**11)}, "a claims"),
])  # fmt: skip
def test_a_damaged_folder_of_diffusers_is_one_error(convert, tmp_path, config, weights, words):
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "scheduler_config.json").write_text("{}")
    torch.save(weights, tmp_path / "diffusion_pytorch_model.bin")
    result = convert(tmp_path, "--format", "diffusers")
    assert result.exit_code == 2 and words in result.output, result.output


def test_a_place_that_cannot_be_written_is_one_error(tmp_path):
    net = SONG.network("DDPM++")
    torch.save(net.state_dict(), tmp_path / "them.pt")
    out = tmp_path / "them.pt" / "out.safetensors"
    result = CliRunner().invoke(application(), ["convert", str(tmp_path / "them.pt"), "-o", str(out), "--format", "edm"])
    assert result.exit_code == 2 and "cannot be converted" in result.output, result.output
