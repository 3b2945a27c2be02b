"""The budget: what a file claims is compared with it, and the message says how to allow more."""

from __future__ import annotations

import pytest

from mridiff.errors import ConfigError, UnsafeInput
from mridiff_sdk.io.budget import afford, afford_scan, budget


def test_a_claim_is_compared_with_what_the_user_allows(monkeypatch):
    monkeypatch.delenv("MRIDIFF_MEMORY", raising=False)
    assert budget() == 1.5
    afford(1_500_000_000, "this")
    with pytest.raises(UnsafeInput, match=r"this takes 1\.5 GB of memory; one scan may take 1\.5 GB\n.*set MRIDIFF_MEMORY=2 \(in GB\)"):
        afford(1_500_000_001, "this")
    monkeypatch.setenv("MRIDIFF_MEMORY", "2")
    afford(1_500_000_001, "this")
    monkeypatch.setenv("MRIDIFF_MEMORY", "")
    assert budget() == 1.5


def test_what_the_message_advises_suffices(monkeypatch):
    with pytest.raises(UnsafeInput) as caught:
        afford_scan((32, 2000, 2001), "scan.h5")
    assert "scan.h5: a scan of shape (32, 2000, 2001) takes 8.2 GB" in str(caught.value)
    advised = caught.value.hint.partition("MRIDIFF_MEMORY=")[2].split()[0]
    monkeypatch.setenv("MRIDIFF_MEMORY", advised)
    afford_scan((32, 2000, 2001), "scan.h5")


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf", "4 GB"])
def test_what_is_no_amount_is_told(monkeypatch, text):
    monkeypatch.setenv("MRIDIFF_MEMORY", text)
    with pytest.raises(ConfigError, match=r"MRIDIFF_MEMORY: .* is no amount of memory\n.*Give GB"):
        afford(1, "this")
