import numpy as np
import torch

from mridiff_amk_cdiffnet.net import AMKNet
from mridiff_amk_cdiffnet.train import Net, trainer
from mridiff_priors.data.pool import PoolConfig
from mridiff_priors.data.whole import WholeSlices
from mridiff_priors.train import PARTS
from mridiff_sdk.training.cold import MaskFamily
from mridiff_sdk.training.run import Run
from mridiff_sdk.training.trainer import Schedule

POOL = PoolConfig(count=4, size=24)


def start(folder, out, weights=None):
    """A training of four updates on a pool of noise that is there already."""
    for part in range(PARTS):
        noise = np.random.default_rng(part).standard_normal((2, 2, POOL.size, POOL.size)).astype(np.float16)
        np.save(folder / f"pool-{POOL.key()}-{part}of{PARTS}.npy", noise)
    return trainer(Run(folder, folder / out, folder, weights), net=Net(widths=(4, 4), features=4), pool=POOL, masks=MaskFamily(centre=0.2),
                   stages=[WholeSlices(16, 4, 4)], schedule=Schedule(1e-2, 0, 0.0), save=2, validate=0)  # fmt: skip


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(tmp_path):
    whole = start(tmp_path, "whole").run()
    start(tmp_path, "parts").run(until=2)
    again = start(tmp_path, "parts")
    assert again.step == 2
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), again.run().state_dict().values(), strict=True))
    assert whole.tail.weight.abs().max() > 0  # it began at zero
    assert (whole.log_profile[:-1] > -6).all()  # measured on the pool


def test_a_training_can_start_from_weights(tmp_path):
    path = tmp_path / "w.safetensors"
    start(tmp_path, "first").run().save(path)
    second = start(tmp_path, "second", path)
    torch.testing.assert_close(second.model.tail.weight, AMKNet.load(path).tail.weight)
