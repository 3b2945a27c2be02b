"""NCSN++ of score_sde: against the network of the EDM study, which is the same in another form, and against diffusers."""

import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.nets.ncsnpp import NCSNpp, layout
from mridiff_sdk.nets.song import SongUNet
from mridiff_sdk.seeds import seeded_layers

RENAMED = {"norm0": "GroupNorm_0", "conv0": "Conv_0", "affine": "Dense_0", "norm1": "GroupNorm_1", "conv1": "Conv_1", "skip": "Conv_2"}


def block(state, name):
    """A block of the EDM form as one or, with attention, two modules of the score_sde form."""
    own = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.") and "resample" not in k}
    first = {f"{RENAMED[k.split('.')[0]]}.{k.split('.')[1]}": v for k, v in own.items() if k.split(".")[0] in RENAMED}
    if "qkv.weight" not in own:
        return [first]
    second = {f"GroupNorm_0.{k}": own[f"norm2.{k}"] for k in ("weight", "bias")}
    for j in range(3):
        second |= {f"NIN_{j}.W": own["qkv.weight"][j::3, :, 0, 0].T, f"NIN_{j}.b": own["qkv.bias"][j::3]}
    return [first, {**second, "NIN_3.W": own["proj.weight"][:, :, 0, 0].T, "NIN_3.b": own["proj.bias"]}]


def in_score_sde_form(net):
    """The tensors of a SongUNet with Fourier features, named and ordered as score_sde's NCSN++ has them."""
    state = net.state_dict()
    modules = [{"W": state["map_noise.freqs"]}]
    modules += [{k: state[f"{layer}.{k}"] for k in ("weight", "bias")} for layer in ("map_layer0", "map_layer1")]
    order = [f"enc.{n}" for n in net.enc] + [f"dec.{n}" for n in net.dec]
    for name in order:
        plain = {k: state[f"{name}.{k}"] for k in ("weight", "bias") if f"{name}.{k}" in state}
        if name.endswith(("aux_down", "aux_up")):
            continue
        if "aux_skip" in name:
            modules.append({f"Conv_0.{k}": v for k, v in plain.items()})
        elif "aux_residual" in name:
            modules.append({f"Conv2d_0.{k}": v for k, v in plain.items()})
        else:
            modules += [plain] if plain else block(state, name)
    return {f"all_modules.{i}.{k}": v.contiguous() for i, m in enumerate(modules) for k, v in m.items()}


def song(described):
    with seeded_layers(0):
        net = SongUNet(described)
    rng = torch.Generator().manual_seed(0)
    state = {k: torch.randn(v.shape, generator=rng) / math.sqrt(v[0].numel() if v.ndim > 1 else 4) for k, v in net.state_dict().items()}
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0] if described["filter"] == 4 else [1.0, 1.0])
    state |= {k: (torch.outer(taps, taps) / taps.sum() ** 2)[None, None] for k in state if k.endswith("resample_filter")}
    net.load_state_dict(state)
    return net.eval().requires_grad_(False)


@pytest.fixture
def described():
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("song_layouts", Path(__file__).parent / "test_song.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda **kw: module.described(**{**module.PLAIN, "fourier": True, "noise": 16, "filter": 4, **kw})


CASES = {
    "as for CIFAR-10": {"mults": (1, 2), "blocks": 2, "encoder": "residual"},
    "as for large images": {"mults": (1, 2, 2), "blocks": 1, "encoder": "skip", "decoder": "skip", "attention": (4,)},
    "without pyramids or filter": {"mults": (1, 2), "blocks": 2, "filter": 2, "attention": ()},
    "one level": {"mults": (2,), "blocks": 1, "attention": ()},
}


@pytest.mark.parametrize("case", CASES)
def test_the_two_forms_are_one_network(described, case):
    theirs = song(described(**CASES[case]))
    tensors = in_score_sde_form(theirs)
    ours = NCSNpp(layout(tensors, fir=CASES[case].get("filter", 4) == 4)).eval().requires_grad_(False)
    ours.load_state_dict(tensors)
    x = torch.randn(2, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    number = torch.tensor([-1.0, 0.5])
    expected = theirs(x, number)
    assert float(expected.std()) > 0.1
    torch.testing.assert_close(ours(x, number), expected, atol=2e-5, rtol=1e-4)


def test_images_from_0_to_1_are_centred_inside(described):
    tensors = in_score_sde_form(song(described(**CASES["one level"])))
    inside, outside = (NCSNpp(layout(tensors, centred=c)).requires_grad_(False) for c in (False, True))
    for net in (inside, outside):
        net.load_state_dict(tensors)
    x = torch.rand(1, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(inside(x, torch.zeros(1)), outside(2 * x - 1, torch.zeros(1)))


def test_other_variants_are_refused(described):
    tensors = in_score_sde_form(song(described(**CASES["one level"])))
    with pytest.raises(DataError, match="no NCSN"):
        layout({"weight": torch.zeros(3)})
    with pytest.raises(DataError, match=r"module 4 .* variant"):
        layout({**tensors, "all_modules.4.NIN_0.W": torch.zeros(8, 8)})
    with pytest.raises(DataError, match="Fourier"):
        layout({k.replace("all_modules.0.W", "all_modules.0.weight"): v for k, v in tensors.items()})


def residual(block):
    """A residual block of diffusers in the score_sde form."""
    names = {
        "norm1": "GroupNorm_0",
        "conv1": "Conv_0",
        "time_emb_proj": "Dense_0",
        "norm2": "GroupNorm_1",
        "conv2": "Conv_1",
        "conv_shortcut": "Conv_2",
    }
    return {
        f"{ours}.{k}": v
        for theirs, ours in names.items()
        if (m := getattr(block, theirs, None)) is not None
        for k, v in m.state_dict().items()
    }


def attention(block):
    parts = {f"GroupNorm_0.{k}": v for k, v in block.group_norm.state_dict().items()}
    for i, layer in enumerate((block.to_q, block.to_k, block.to_v, block.to_out[0])):
        parts |= {f"NIN_{i}.W": layer.weight.T.contiguous(), f"NIN_{i}.b": layer.bias}
    return parts


def from_diffusers(model):
    """The tensors of a VE network of diffusers in the order of score_sde's list of modules."""
    embedding = model.time_embedding
    modules = [{"W": model.time_proj.weight}, embedding.linear_1.state_dict(), embedding.linear_2.state_dict(), model.conv_in.state_dict()]
    for down in model.down_blocks:
        pairs = zip(down.resnets, getattr(down, "attentions", None) or [None] * len(down.resnets), strict=True)
        modules += [part for r, a in pairs for part in (residual(r), *([attention(a)] if a is not None else []))]
        if down.resnet_down is not None:
            modules += [residual(down.resnet_down), {f"Conv_0.{k}": v for k, v in down.skip_conv.state_dict().items()}]
    modules += [residual(model.mid_block.resnets[0]), attention(model.mid_block.attentions[0]), residual(model.mid_block.resnets[1])]
    for up in model.up_blocks:
        modules += [*(residual(r) for r in up.resnets), *(attention(a) for a in getattr(up, "attentions", []))]
        if up.resnet_up is not None:
            modules += [up.skip_norm.state_dict(), up.skip_conv.state_dict(), residual(up.resnet_up)]
    modules += [model.conv_norm_out.state_dict(), model.conv_out.state_dict()]
    return {f"all_modules.{i}.{k}": v.detach() for i, m in enumerate(modules) for k, v in m.items()}


@pytest.mark.filterwarnings("default")
def test_a_network_of_diffusers_gives_the_same():
    """Its UNet2DModel with Fourier features and skip blocks is the network that score_sde trains for large images."""
    diffusers = pytest.importorskip("diffusers")
    with seeded_layers(0):
        model = diffusers.UNet2DModel(
            sample_size=16, in_channels=3, out_channels=3, layers_per_block=2, block_out_channels=(16, 16), norm_num_groups=4, norm_eps=1e-6,
            down_block_types=("SkipDownBlock2D",) * 2, up_block_types=("SkipUpBlock2D",) * 2,
            time_embedding_type="fourier", freq_shift=0, flip_sin_to_cos=True, center_input_sample=False, attention_head_dim=16,
            mid_block_scale_factor=2**0.5, downsample_padding=1)  # fmt: skip
        for p in model.parameters():
            if p.ndim == 1:
                torch.nn.init.normal_(p, 0.5, 0.3)
    model = model.eval().requires_grad_(False)
    tensors = from_diffusers(model)
    ours = NCSNpp(layout(tensors)).requires_grad_(False)
    ours.load_state_dict(tensors)
    x, sigma = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1)), torch.tensor([0.3, 2.0])
    theirs = model(x, sigma).sample * sigma[:, None, None, None]
    assert float(theirs.std()) > 0.1
    torch.testing.assert_close(ours(x, sigma.log()), theirs, atol=1e-4, rtol=1e-3)
