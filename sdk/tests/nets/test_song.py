"""The DDPM++ and NCSN++ networks of the EDM study: the same numbers as the authors' own code, whatever is told of them by tensors alone."""

import math

import pytest
import torch

from mridiff.errors import DataError
from mridiff_sdk.io.weights import load_into
from mridiff_sdk.nets.song import SongUNet, layout

PLAIN = {"encoder": "", "decoder": "", "attention": (8,), "labels": 0, "augment": 0}
VARIANTS = {
    "DDPM++": {**PLAIN, "mults": (1, 2), "blocks": 1, "labels": 3, "augment": 2, "fourier": False, "noise": 8, "filter": 2},
    "NCSN++": {**PLAIN, "mults": (1, 2), "blocks": 2, "encoder": "residual", "fourier": True, "noise": 16, "filter": 4},
    "skips": {
        **PLAIN,
        "mults": (1, 2, 2),
        "blocks": 1,
        "encoder": "skip",
        "decoder": "skip",
        "attention": (4,),
        "fourier": True,
        "noise": 16,
        "filter": 4,
    },
}
THEIRS = {
    "DDPM++": (48194, [-0.2505, -0.2552, -0.2861, -0.3356, -0.3772]),
    "NCSN++": (66730, [-0.2732, -0.2983, -0.3197, -0.3050, -0.2526]),
    "skips": (81734, [-0.3163, -0.3386, -0.4062, -0.5578, -0.7368]),
}
"""Numbers in the state dictionary, and out[1, 1, 3, :5], of NVlabs/edm, commit 0a2ff34, training/networks.py, SongUNet with 16 pixels,
2 channels, model_channels 8, evaluated once with the weights of `fill` and the input of `test_the_numbers_are_theirs`."""


def described(mults, blocks, encoder, decoder, attention, **rest):
    """A layout from the arguments that the authors' class takes, for 16 pixels, 2 channels, 8 features."""
    modules, out, side, skips = [], 8, 2, [8]

    def add(half, res, kind, a, b, attention=False, number=""):
        modules.append({"name": f"{half}.{res}x{res}_{kind}{number}", "kind": kind, "in": a, "out": b, "attention": attention})

    for level, mult in enumerate(mults):
        res = 16 >> level
        if level == 0:
            add("enc", res, "conv", 2, 8)
        else:
            add("enc", res, "down", out, out)
            skips.append(out)
            if encoder == "skip":
                add("enc", res, "aux_down", 0, 0)
                add("enc", res, "aux_skip", side, out)
            if encoder == "residual":
                add("enc", res, "aux_residual", side, out)
                side = out
        for i in range(blocks):
            add("enc", res, "block", out, 8 * mult, res in attention, i)
            out = 8 * mult
            skips.append(out)
    for level, mult in reversed(list(enumerate(mults))):
        res = 16 >> level
        if level == len(mults) - 1:
            add("dec", res, "in", out, out, True, 0)
            add("dec", res, "in", out, out, False, 1)
        else:
            add("dec", res, "up", out, out)
        for i in range(blocks + 1):
            add("dec", res, "block", out + skips.pop(), 8 * mult, i == blocks and res in attention, i)
            out = 8 * mult
        if decoder == "skip" or level == 0:
            if decoder == "skip" and level < len(mults) - 1:
                add("dec", res, "aux_up", 0, 0)
            add("dec", res, "aux_norm", out, out)
            add("dec", res, "aux_conv", out, 2)
    return {"embedding": 32, "modules": modules, **rest}


def fill(state):
    """Weights that depend on their names and shapes alone."""
    filled = {}
    for name, value in state.items():
        n = torch.arange(value.numel(), dtype=torch.float64)
        w = torch.sin(n * 0.7 + sum(map(ord, name))) / math.sqrt(value[0].numel() if value.ndim > 1 else 1)
        if name.endswith("resample_filter"):
            taps = torch.tensor([1.0, 3.0, 3.0, 1.0] if value.shape[-1] == 4 else [1.0, 1.0], dtype=torch.float64)
            w = torch.outer(taps, taps) / taps.sum() ** 2
        elif name.endswith(("norm0.weight", "norm1.weight", "norm2.weight", "aux_norm.weight")):
            w = 1 + 0.3 * w
        filled[name] = w.reshape(value.shape).float()
    return filled


def network(variant):
    net = SongUNet(described(**VARIANTS[variant]))
    load_into(net, fill(net.state_dict()))
    return net.eval().requires_grad_(False)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_numbers_are_theirs(variant):
    net, (count, row) = network(variant), THEIRS[variant]
    assert sum(v.numel() for v in net.state_dict().values()) == count
    x = torch.cos(0.37 * torch.arange(2 * 2 * 16 * 16, dtype=torch.float64)).reshape(2, 2, 16, 16).float()
    torch.testing.assert_close(net(x, torch.tensor([-0.3, 0.4]))[1, 1, 3, :5], torch.tensor(row), atol=1e-4, rtol=0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_tensors_tell_the_network_in_any_order(variant):
    state = network(variant).state_dict()
    assert layout(dict(sorted(state.items()))) == layout(dict(reversed(list(state.items())))) == described(**VARIANTS[variant])


def test_any_size():
    net = network("DDPM++")
    assert net(torch.zeros(1, 2, 11, 14), torch.zeros(1)).shape == (1, 2, 11, 14)


def test_other_networks_are_refused():
    with pytest.raises(DataError, match="no DDPM"):
        layout({"weight": torch.zeros(1)})
    state = network("DDPM++").state_dict()
    with pytest.raises(DataError, match="ADM"):
        layout({**state, "enc.16x16_block0.affine.weight": torch.zeros(16, 32)})
