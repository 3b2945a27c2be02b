from mridiff_sdk.testing import conformance

test_conformance = conformance("kspace-sr-ddimo")
