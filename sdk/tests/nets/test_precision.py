from __future__ import annotations

import pytest
import torch

from mridiff_sdk.nets import fast_bfloat16


def test_bfloat16_is_chosen_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: {"avx512_bf16": found}, raising=False)
        assert fast_bfloat16(torch.device("cpu")) is found
