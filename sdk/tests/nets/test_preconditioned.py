import json
from pathlib import Path

import pytest
import torch

from mridiff.errors import DataError, UnsafeInput
from mridiff_sdk.io.weights import write_weights
from mridiff_sdk.nets.preconditioned import Preconditioned

NET = {"widths": [4, 8], "blocks": [1, 1], "features": 8}


def made(random_tail: bool = True) -> Preconditioned:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        out = Preconditioned(NET, 0.5, (0.01, 10.0))
        if random_tail:
            torch.nn.init.normal_(out.net.tail.weight, std=0.1)
    return out.eval().requires_grad_(False)


def normal(*shape: int, dtype: torch.dtype = torch.complex64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def test_an_untrained_network_is_the_best_scalar() -> None:
    """With F = 0 the answer is that of a white Gaussian of variance sigma_data^2."""
    x = normal(2, 9, 7)
    torch.testing.assert_close(made(random_tail=False)(x, 0.25), x * (0.25 / (0.25 + 0.0625)))


def test_input_and_output_are_of_unit_size_at_every_level() -> None:
    """At low noise the answer is the input, whatever F says; levels outside the range are those of its ends."""
    net, x = made(), normal(1, 16, 16)
    assert (net(x, 0.01) - x).abs().max() < 0.1
    assert torch.equal(net(x, 1e-9), net(x, 0.01))


def test_levels_belong_to_samples() -> None:
    net, x = made(), normal(2, 16, 16)
    both = net(x, torch.tensor([0.1, 2.0]))
    torch.testing.assert_close(both, torch.cat([net(x[:1], 0.1), net(x[1:], 2.0)]), atol=1e-5, rtol=1e-5)


def test_precision_of_the_answer_is_that_of_the_question() -> None:
    x = normal(1, 11, 13, dtype=torch.complex128)
    assert made()(x, 0.3).dtype == torch.complex128
    torch.testing.assert_close(made().double()(x, 0.3).to(torch.complex64), made()(x.to(torch.complex64), 0.3), atol=1e-4, rtol=1e-4)


def test_gradient_reaches_the_input() -> None:
    x = normal(1, 8, 8).requires_grad_()
    made()(x, 0.3).abs().sum().backward()
    assert x.grad is not None and (x.grad.abs() > 0).all()


def test_input_is_left_alone() -> None:
    x = normal(1, 8, 8)
    before = x.clone()
    made()(x, 0.3)
    assert torch.equal(x, before)


def test_file_describes_itself(tmp_path: Path) -> None:
    net, x = made(), normal(1, 16, 16)
    digest = net.save(tmp_path / "a.safetensors", note="tiny")
    again = Preconditioned.load(tmp_path / "a.safetensors", digest)
    assert again.architecture == net.architecture and again.sigma_range == (0.01, 10.0)
    torch.testing.assert_close(again(x, 0.3), net(x, 0.3), atol=1e-2, rtol=1e-2)  # stored as float16
    assert not any(p.requires_grad for p in again.parameters())


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    made().save(tmp_path / "a.safetensors")
    with pytest.raises(UnsafeInput):
        Preconditioned.load(tmp_path / "a.safetensors", "0" * 64)
    with pytest.raises(DataError):
        Preconditioned.load(tmp_path / "absent.safetensors")
    write_weights(tmp_path / "b.safetensors", {"w": torch.zeros(1)})
    with pytest.raises(DataError, match="does not describe"):
        Preconditioned.load(tmp_path / "b.safetensors")
    write_weights(tmp_path / "c.safetensors", {"w": torch.zeros(1)}, {"architecture": json.dumps(made().architecture)})
    with pytest.raises(DataError, match="do not fit"):
        Preconditioned.load(tmp_path / "c.safetensors")
