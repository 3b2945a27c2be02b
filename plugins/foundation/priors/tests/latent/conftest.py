import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("diffusers") and importlib.util.find_spec("transformers") else ["test_*.py"]


@pytest.fixture(scope="session")
def stack():
    """Tiny networks with fresh weights."""
    from mridiff_priors.latent import tiny
    from mridiff_sdk.seeds import seeded_layers

    with seeded_layers(1):
        return tiny.build().eval().requires_grad_(False)


@pytest.fixture(scope="session")
def folder(stack, tmp_path_factory):
    """The same as a folder in the Hugging Face layout."""
    from mridiff_priors.latent import tiny

    path = tmp_path_factory.mktemp("stack")
    tiny.save(stack, path)
    return path
