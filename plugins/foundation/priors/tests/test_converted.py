"""Public networks as priors: the noise level that each convention means."""

import pytest
import torch

from mridiff.errors import DataError
from mridiff.interfaces import Streams
from mridiff_priors.conformance import small_converted
from mridiff_priors.converted import Converted, ConvertedReal
from mridiff_sdk.nets import Converted as Network


def test_the_level_of_a_complex_image_is_sqrt2_that_of_a_channel(tmp_path):
    small_converted(tmp_path / "two.safetensors", 2)
    prior, network = Converted(str(tmp_path / "two.safetensors"), p99=3.0), Network.load(tmp_path / "two.safetensors")
    x = Streams.of(0, "x", 2).normal((16, 16))
    out = network(torch.stack([x.real, x.imag], 1), 0.5)
    torch.testing.assert_close(prior(x, 0.5 * 2**0.5), torch.complex(out[:, 0], out[:, 1]))
    assert prior.diffusion.t_range == pytest.approx((0.002 * 2**0.5, 80 * 2**0.5)) and prior.scaling.value == 3.0


def test_real_images_keep_their_level(tmp_path):
    small_converted(tmp_path / "one.safetensors", 1)
    prior, network = ConvertedReal(str(tmp_path / "one.safetensors")), Network.load(tmp_path / "one.safetensors")
    x = Streams.of(0, "x", 2).normal((16, 16), torch.float32)
    torch.testing.assert_close(prior(x, torch.tensor([0.5, 2.0])), network(x[:, None], torch.tensor([0.5, 2.0]))[:, 0])
    with pytest.raises(DataError, match=r"has 1 channel.* here 2 are needed"):
        Converted(str(tmp_path / "one.safetensors"))


def test_other_files_are_refused(tmp_path):
    from mridiff_sdk.io import write_weights

    write_weights(tmp_path / "other.safetensors", {"a": torch.zeros(1)})
    with pytest.raises(DataError, match="does not describe a network that is known here"):
        Converted(str(tmp_path / "other.safetensors"))
