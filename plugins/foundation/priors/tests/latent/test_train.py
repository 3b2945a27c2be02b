import json

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff_priors.latent.train import training
from mridiff_sdk.io import read_weights
from mridiff_sdk.training import Run, Schedule, Settings, prepare

SETTINGS = Settings(schedule=Schedule(1e-3, 1, 0.5), save=2, validate=4)
MOVED = {"vae": {"vae"}, "clip": {"text_encoder", "image_encoder"}, "unet": {"unet"}}


def made(part, out, weights):
    return prepare(training, Run(out, weights=weights, settings=SETTINGS), part=part, scenes=16, updates=4, batch=4)


@pytest.fixture(scope="module")
def start(folder, tmp_path_factory):
    from mridiff_priors.latent.folder import pack

    path = tmp_path_factory.mktemp("start") / "weights.safetensors"
    pack(folder, path)
    return path


@pytest.mark.parametrize("part", ["vae", "clip", "unet"])
def test_a_part_trains_alone_resumes_and_is_written(part, start, tmp_path):
    run = made(part, tmp_path / "whole", start)
    before = {k: v.clone() for k, v in run.model.state_dict().items()}
    model = run.run()
    made(part, tmp_path / "parts", start).run(until=2)
    resumed = made(part, tmp_path / "parts", start)
    assert resumed.step == 2
    a, b = model.state_dict(), resumed.run().state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert {k.split(".")[1] for k in a if not torch.equal(a[k], before[k])} == MOVED[part]
    model.save(tmp_path / "weights.safetensors", licence="Apache-2.0")
    tensors, header = read_weights(tmp_path / "weights.safetensors")
    assert {k.split("/")[0] for k in tensors} == {"vae", "unet", "text_encoder", "image_encoder"} and header["licence"] == "Apache-2.0"
    factor = json.loads(header["vae/config.json"])["scaling_factor"]
    assert (factor != 0.18215) == (part == "unet")
    if part == "unet":
        with torch.no_grad():
            assert float(model.stack.encode(run.stages[0].source.x).std()) == pytest.approx(1, abs=0.05)


def test_the_unet_needs_the_others(tmp_path):
    with pytest.raises(ConfigError, match="--weights"):
        made("unet", tmp_path, None)
