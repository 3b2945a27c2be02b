"""The path that real weights take: a local folder in the layout that diffusers and transformers write."""

import json
import shutil
import socket

import pytest
import torch

from mridiff.errors import DataError
from mridiff_priors.latent.prior import LatentDiffusion, load
from mridiff_priors.latent.stack import Stack
from mridiff_sdk.stimuli import caption, scene

TEXTS = [caption(scene(n)) for n in (0, 1)]


def pictures(size=32):
    return torch.stack([scene(n).picture(size) for n in (0, 1)])


def everything(stack):
    with torch.no_grad():
        u, text = stack.encode(pictures()), stack.text(stack.tokens(TEXTS))
        states, embedding = stack.look(pictures())
        return [u, stack.decode(u), text, *states, embedding, stack.noise(u, torch.tensor([3, 500]), text)]


def test_a_folder_is_read_without_network_and_gives_the_same_numbers(stack, folder, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something wants to go online")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = everything(load(str(folder)))
    assert all(torch.equal(a, b) for a, b in zip(everything(stack), found, strict=True))


def test_a_pipeline_of_stable_diffusion_and_a_whole_clip_model_are_read(stack, folder, tmp_path):
    """As they are published: a text encoder without projection, a tokenizer of byte pairs, the vision tower inside a CLIPModel elsewhere."""
    from diffusers import DDIMScheduler, StableDiffusionPipeline
    from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    words = {
        w: i for i, w in enumerate(["<|startoftext|>", "<|endoftext|>", *"abcdefghijklmnopqrstuvwxyz", *(f"{c}</w>" for c in "abcdefgr")])
    }
    (tmp_path / "vocab.json").write_text(json.dumps(words))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(tmp_path / "vocab.json"), str(tmp_path / "merges.txt"), model_max_length=24)
    wide = {**stack.text_encoder.config.to_dict(), "vocab_size": 70, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 1}
    text = CLIPTextModel(CLIPTextConfig(**wide))
    pipeline = StableDiffusionPipeline(
        stack.vae, text, tokenizer, stack.unet, DDIMScheduler(steps_offset=1, clip_sample=False), None, None, requires_safety_checker=False
    )
    pipeline.save_pretrained(tmp_path / "sd")
    common = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 4}
    clip = CLIPModel(
        CLIPConfig(
            text_config={**common, "vocab_size": 70}, vision_config={**common, "num_hidden_layers": 3, "image_size": 48, "patch_size": 16}
        )
    )
    clip.save_pretrained(tmp_path / "clip")
    constants = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
    (tmp_path / "clip" / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": "CLIPImageProcessor", **constants}))
    found = load(str(tmp_path / "sd"), str(tmp_path / "clip")).eval()
    with torch.no_grad():
        states, embedding = found.look(pictures())
        assert found.layers == len(states) == 3 and states[0].shape == (2, 10, 32) and embedding.shape == (2, 512)
        expected = clip.vision_model(found.seen(pictures()), output_hidden_states=True).hidden_states
        torch.testing.assert_close(states[1], expected[2])
        assert found.seen(pictures()).shape[-1] == 48 and found.normalisation["image_mean"][0] == pytest.approx(0.48145, abs=1e-4)
        torch.testing.assert_close(found.text(found.tokens(["a red"])), text.eval()(found.tokens(["a red"])).last_hidden_state)
        assert found.tokens(["a red", ""]).shape == (2, 24)


def test_everything_that_is_missing_is_named(folder, tmp_path):
    with pytest.raises(DataError, match=r"unet.config\.json.*tokenizer_config.*image_encoder"):
        Stack.load(tmp_path)
    with pytest.raises(DataError, match="neither a name"):
        load("stable-diffusion-v1-4")
    with pytest.raises(DataError, match=r"preprocessor_config\.json"):
        load(str(folder), str(tmp_path))


def test_pickled_weights_are_not_read(stack, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "pickled")
    weights = tmp_path / "pickled" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(DataError, match="safetensors"):
        load(str(tmp_path / "pickled"))


@pytest.mark.parametrize("place", ["tokenizer/tokenizer.json", "scheduler/scheduler_config.json", "image_encoder/preprocessor_config.json"])
def test_a_damaged_text_of_the_folder_is_one_clear_error(folder, tmp_path, place):
    shutil.copytree(folder, tmp_path / "damaged")
    (tmp_path / "damaged" / place).write_text("{")
    with pytest.raises(DataError, match="tokenizer, scheduler or preprocessor cannot be read"):
        Stack.load(tmp_path / "damaged")


def test_the_estimate_is_what_the_noise_leaves(folder):
    """x0 = (x - sigma eps) / alpha at the chain's own timestep; for v, x0 = alpha x - sigma v."""
    prior = LatentDiffusion(str(folder))
    x, d = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)), prior.diffusion
    t = torch.tensor([0.25, 1.0], dtype=torch.float64)
    a, s = (v.float()[:, None, None, None] for v in (d.alpha(t), d.sigma(t)))
    with torch.no_grad():
        out = prior.stack.noise(x, torch.tensor([249, 999]), prior.stack.text(prior.stack.tokens([""])))
        torch.testing.assert_close(prior(x, t), (x - s * out) / a)
        prior.predicts = "v_prediction"
        torch.testing.assert_close(prior(x, t), a * x - s * out)
    products = torch.from_numpy(prior.stack.scheduler.alphas_cumprod.numpy()).double()
    torch.testing.assert_close(d.alpha(torch.arange(1, 1001) / 1000) ** 2, products, rtol=1e-5, atol=0)


def test_a_text_changes_the_estimate_and_its_place_does_not(folder):
    from mridiff.interfaces import Field

    prior = LatentDiffusion(str(folder))
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        text = prior.stack.text(prior.stack.tokens(TEXTS))
        both = prior(x, 0.5, {"text": Field(text, ("token", "channel"))})
        torch.testing.assert_close(both[1:], prior(x[1:], 0.5, {"text": Field(text[1:], ("token", "channel"))}), rtol=1e-4, atol=1e-5)
        assert not torch.equal(both, prior(x, 0.5))


def test_spaces_lead_to_and_fro(folder):
    codec = LatentDiffusion(str(folder)).codec
    assert codec.space(codec.domain(LatentDiffusion(str(folder)).space)).shape == (4, 8, 8)
    assert codec.domain(LatentDiffusion(str(folder)).space).shape == (3, 32, 32)


@pytest.mark.parametrize(("shape", "field"), [((4, 16, 16), False), ((3, 16, 18), False), ((3, 16, 16), True)])
def test_what_is_no_picture_is_refused(folder, shape, field):
    from mridiff.interfaces import Space

    with pytest.raises(DataError, match="speaks of pictures"):
        LatentDiffusion(str(folder)).codec.space(Space(("channel", "y", "x"), shape, field))
