"""A model that is fitted in closed form when it is built: a training without updates."""

import torch
from torch import nn

from mridiff_sdk.training import Trainer, Training


class Fitted(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.arange(3.0))


def test_it_is_returned_as_it_was_fitted(tmp_path):
    trainer = Trainer(Training(model=Fitted(), data="", licence=""), tmp_path)
    assert torch.equal(trainer.run().weight, torch.arange(3.0)) and trainer.step == trainer.total == 0
