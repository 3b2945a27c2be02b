import importlib.util

from mridiff_sdk.testing import conformance

test_denoiser = conformance("denoiser")
test_converted = conformance("converted")
test_converted_real = conformance("converted-real")
if importlib.util.find_spec("diffusers"):
    test_diffusers = conformance("diffusers")
    test_diffusers_real = conformance("diffusers-real")
if importlib.util.find_spec("diffusers") and importlib.util.find_spec("transformers"):
    test_latent_diffusion = conformance("latent-diffusion")
