import pytest

from mridiff_sdk.testing import conformance

pytest.importorskip("finufft")

test_conformance = conformance("operators")
