"""Run by `pytest check_laws.py` after installation."""

from mridiff_sdk.testing import conformance

test_laws = conformance("acme")
