"""Networks of diffusers as priors: the estimate that the library's own schedulers make of the same output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Scaling, Streams
from mridiff_priors.diffusers import Diffusers, DiffusersReal, betas
from mridiff_sdk.diffusions import Chain

pytestmark = pytest.mark.filterwarnings("default")
SCHEDULES = {
    "linear": {"beta_start": 0.0005, "beta_end": 0.03, "num_train_timesteps": 200},
    "scaled_linear": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    "squaredcos_cap_v2": {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 100},
    "table": {"trained_betas": [0.01, 0.02, 0.3], "num_train_timesteps": 3},
}


@pytest.fixture(scope="module")
def library():
    return pytest.importorskip("diffusers")


def save(library, folder, channels, predicts="epsilon", pipeline=False, **unet):
    """A small random network in a folder, as its users have it; returns it with its scheduler."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = library.UNet2DModel(sample_size=16, in_channels=channels, out_channels=channels, layers_per_block=1, block_out_channels=(8, 16),
                                    norm_num_groups=4, down_block_types=("DownBlock2D", "AttnDownBlock2D"),
                                    up_block_types=("AttnUpBlock2D", "UpBlock2D"), **unet).eval()  # fmt: skip
    scheduler = library.DDPMScheduler(**SCHEDULES["scaled_linear"], prediction_type=predicts, clip_sample=False)
    if pipeline:
        library.DDPMPipeline(unet=model, scheduler=scheduler).save_pretrained(folder)
    else:
        model.save_pretrained(folder)
        scheduler.save_pretrained(folder)
    return model, scheduler


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_the_librarys(library, name):
    scheduler = library.DDPMScheduler(**SCHEDULES[name])
    chain = Chain(betas(dict(scheduler.config)))
    T = len(scheduler.alphas_cumprod)
    t = torch.arange(1, T + 1, dtype=torch.float64) / T
    torch.testing.assert_close(chain.alpha(t) ** 2, scheduler.alphas_cumprod.double(), atol=1e-6, rtol=1e-4)


def test_unknown_schedules_are_named():
    with pytest.raises(DataError, match="'sigmoid' is not known"):
        betas({"beta_schedule": "sigmoid"})
    with pytest.raises(DataError, match="zero terminal SNR"):
        betas({"rescale_betas_zero_snr": True})


@pytest.mark.parametrize(("predicts", "pipeline"), [("epsilon", True), ("sample", False), ("v_prediction", False)])
def test_the_estimate_is_the_schedulers(library, tmp_path, predicts, pipeline):
    model, scheduler = save(library, tmp_path, 2, predicts, pipeline)
    prior = Diffusers(str(tmp_path))
    u = Streams.of(0, "x", 2).normal((2, 16, 16), torch.float32)
    for timestep in (0, 300, 999):
        with torch.no_grad():
            theirs = scheduler.step(model(u, timestep).sample, timestep, u).pred_original_sample
        torch.testing.assert_close(prior(u, (timestep + 1) / 1000), theirs, rtol=1e-3, atol=1e-3)
    assert prior.codec.encode(torch.ones(1, 4, 4, dtype=torch.complex64)).shape == (1, 2, 4, 4)


@pytest.mark.parametrize("predicts", ["epsilon", "sample", "v_prediction"])
def test_images_that_were_centred_for_the_network(library, tmp_path, predicts):
    """Of x from 0 to 1 it saw 2 x - 1: the unknown here is 2 x, and its clean estimate theirs plus 1."""
    model, scheduler = save(library, tmp_path, 1, predicts)
    prior, plain = DiffusersReal(str(tmp_path)), DiffusersReal(str(tmp_path), centred=False)
    assert (prior.scaling, plain.scaling) == (Scaling("p99-adjoint", 2.0), Scaling("p99-adjoint", 1.0))
    u, t = Streams.of(0, "x", 2).normal((16, 16), torch.float32), 0.5
    with torch.no_grad():
        theirs = scheduler.step(model(u[:, None], 499).sample, 499, u[:, None]).pred_original_sample[:, 0]
    torch.testing.assert_close(plain(u, t), theirs, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(prior(u + prior.diffusion.alpha(t).float(), t), theirs + 1, rtol=1e-3, atol=1e-3)


def test_any_size(library, tmp_path):
    save(library, tmp_path, 1)
    assert DiffusersReal(str(tmp_path))(torch.zeros(2, 13, 18), 0.5).shape == (2, 13, 18)


def test_faults_are_named_all_at_once(library, tmp_path):
    save(library, tmp_path, 1, class_embed_type="timestep")
    with pytest.raises(DataError, match="1 channels in and 1 out; here 2 are needed; it wants class labels"):
        Diffusers(str(tmp_path))
    (tmp_path / "diffusion_pytorch_model.safetensors").rename(tmp_path / "other")
    with pytest.raises(DataError, match=r"does not exist\n  `mridiff convert"):
        Diffusers(str(tmp_path))
    (tmp_path / "config.json").unlink()
    with pytest.raises(DataError, match=r"lacks .*config\.json"):
        Diffusers(str(tmp_path))


def test_a_converted_file_is_the_folder(library, tmp_path):
    save(library, tmp_path / "folder", 2, pipeline=True)
    command = [Path(sys.executable).with_name("mridiff"), "convert", tmp_path / "folder", "-o", tmp_path / "one.safetensors"]
    subprocess.run([*command, "--format", "diffusers"], check=True)
    u = Streams.of(0, "x").normal((2, 16, 16), torch.float32)
    assert torch.equal(Diffusers(str(tmp_path / "one.safetensors"))(u, 0.5), Diffusers(str(tmp_path / "folder"))(u, 0.5))
    assert json.loads((tmp_path / "folder" / "scheduler" / "scheduler_config.json").read_text())["beta_schedule"] == "scaled_linear"
