import numpy as np
import torch

from mridiff_amk_cdiffnet.train import Net, training
from mridiff_sdk.training import MaskFamily, Run, Schedule, Settings, prepare
from mridiff_sdk.training_data import PARTS, PoolConfig, WholeSlices

POOL = PoolConfig(count=4, size=24)


def test_the_profile_is_measured_on_the_pool_and_the_last_layer_moves(tmp_path):
    for part in range(PARTS):
        noise = np.random.default_rng(part).standard_normal((2, 2, POOL.size, POOL.size)).astype(np.float16)
        np.save(tmp_path / f"pool-{POOL.key(tmp_path)}-{part}of{PARTS}.npy", noise)
    run = Run(tmp_path / "out", tmp_path, tmp_path, settings=Settings(schedule=Schedule(1e-2, 0, 0.0)))
    trainer = prepare(training, run, net=Net(widths=(4, 4), features=4), pool=POOL, masks=MaskFamily(centre=0.2),
                      stages=[WholeSlices(16, 4, 2)])  # fmt: skip
    assert not trainer.model.tail.weight.any() and (trainer.model.log_profile[:-1] > -6).all()
    model = trainer.run()
    assert model.tail.weight.any() and torch.equal(model.log_profile, trainer.model.log_profile)
