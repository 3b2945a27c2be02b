from mridiff_sdk.testing import conformance

test_conformance = conformance("heat-diffusion")
