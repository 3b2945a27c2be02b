"""Networks of MONAI as priors: the estimate that the library's own scheduler makes of the same output; faults are named."""

import json

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Scaling, Streams
from mridiff_peers.monai_unet import Monai, MonaiReal
from mridiff_sdk.io import write_weights
from mridiff_sdk.seeds import seeded_layers

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("monai", reason="monai is not installed")
NET = {
    "spatial_dims": 2,
    "channels": [8, 16],
    "attention_levels": [False, False],
    "num_res_blocks": 1,
    "norm_num_groups": 4,
    "num_head_channels": 8,
}


def save(folder, channels, **schedule):
    from monai.networks.nets import DiffusionModelUNet
    from monai.networks.schedulers import DDPMScheduler

    net = {**NET, "in_channels": channels, "out_channels": channels}
    with seeded_layers(0):
        model = DiffusionModelUNet(**net).eval()
        for p in model.out.parameters():  # which begin at zero
            torch.nn.init.normal_(p, std=0.1)
    write_weights(folder / "model.safetensors", model.state_dict(), {})
    (folder / "config.json").write_text(json.dumps({"network": {"_target_": "DiffusionModelUNet", **net}, "scheduler": schedule}))
    return model, DDPMScheduler(**schedule, clip_sample=False)


@pytest.mark.parametrize(("predicts", "schedule"), [("epsilon", "linear_beta"), ("v_prediction", "scaled_linear_beta")])
def test_the_estimate_is_the_schedulers(tmp_path, predicts, schedule):
    model, scheduler = save(tmp_path, 2, prediction_type=predicts, schedule=schedule, num_train_timesteps=200)
    prior, u = Monai(str(tmp_path)), Streams.of(0, "x", 2).normal((2, 16, 16), torch.float32)
    for timestep in (0, 60, 199):
        with torch.no_grad():
            theirs = scheduler.step(model(u, torch.full((2,), timestep)), timestep, u)[1]
        torch.testing.assert_close(prior(u, (timestep + 1) / 200), theirs, rtol=1e-3, atol=1e-3)


def test_one_channel_of_any_size(tmp_path):
    save(tmp_path, 1, schedule="cosine")
    prior = MonaiReal(str(tmp_path), p99=0.5, centred=True)
    assert prior(torch.zeros(2, 13, 18), 0.5).shape == (2, 13, 18) and prior.scaling == Scaling("p99-adjoint", 1.0)


def test_faults_are_named(tmp_path):
    save(tmp_path, 1)
    with pytest.raises(DataError, match="'in_channels': 2"):
        Monai(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match="does not describe a network and a scheduler"):
        MonaiReal(str(tmp_path))
