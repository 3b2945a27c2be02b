import pytest
import torch
from torch import Tensor, nn

from mridiff.interfaces import Streams
from mridiff_sdk.training.objectives import DenoisingObjective, NoiseLevels, errors_over_sigma


class Record(nn.Module):
    """Returns zero, or the truth, and remembers what came in."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.x, self.sigma = x, sigma
        return self.answer


def batch(n: int, size: int = 16) -> dict[str, Tensor]:
    x = torch.randn(n, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.complex64)
    return {"x": x, "place": torch.arange(n) / n, "stride": torch.tensor(1 / n)}


def test_levels_follow_their_distribution() -> None:
    s = NoiseLevels(often=(0.1, 1.0), always=(0.01, 10.0), share=0.6).at(torch.linspace(0, 1, 10001)[:-1])
    inside = ((s >= 0.1) & (s <= 1.0)).float().mean()
    assert abs(float(inside) - (0.6 + 0.4 / 3)) < 0.01
    assert float(s.min()) >= 0.0099 and float(s.max()) > 9


def test_noise_is_per_complex_number() -> None:
    data = batch(64)
    model = Record(data["x"])
    list(DenoisingObjective(0.5).losses(model, data, Streams.of(0, samples=64)))
    measured = (model.x - data["x"]).abs().square().mean((1, 2)).sqrt()
    torch.testing.assert_close(measured, model.sigma, rtol=0.3, atol=0)
    assert abs(float((measured / model.sigma).mean()) - 1) < 0.02


def test_every_batch_covers_all_levels() -> None:
    data, model = batch(16), Record(torch.zeros(16, 16, 16, dtype=torch.complex64))
    for seed in range(5):
        list(DenoisingObjective(0.5).losses(model, data, Streams.of(seed, samples=16)))
        assert model.sigma.min() < 0.05 and model.sigma.max() > 1


def test_weight_makes_levels_count_alike() -> None:
    """The best linear answer of white images has loss one at each level."""
    data = batch(64, 32)
    objective = DenoisingObjective(1.0)

    class Wiener(nn.Module):
        def forward(self, x: Tensor, sigma: Tensor) -> Tensor:
            return x / (1 + sigma[:, None, None] ** 2)

    ((name, loss),) = objective.losses(Wiener(), data, Streams.of(0, samples=64))
    assert name == "denoiser" and abs(float(loss) - 1) < 0.03


def test_the_truth_costs_nothing() -> None:
    data = batch(4)
    ((_, loss),) = DenoisingObjective(0.5).losses(Record(data["x"]), data, Streams.of(0, samples=4))
    assert float(loss) == 0


def test_errors_are_per_number_and_relative_to_the_noise() -> None:
    """A model that removes nothing has an error of 1 at every level; one that halves the image, half of the image besides."""

    class Kept(nn.Module):
        def __init__(self, part: float) -> None:
            super().__init__()
            self.part = part

        def forward(self, x: Tensor, sigma: float) -> Tensor:
            return self.part * x

    x0 = 3 * torch.ones(2, 64, 64, dtype=torch.complex64)
    found = errors_over_sigma(x0, (0.1, 1.0))(Kept(1.0))
    assert found == {"error_over_sigma_0.1": pytest.approx(1, abs=0.02), "error_over_sigma_1": pytest.approx(1, abs=0.02)}
    assert errors_over_sigma(x0, (1.0,))(Kept(0.5))["error_over_sigma_1"] == pytest.approx((1.5**2 + 0.25) ** 0.5, abs=0.02)
