"""An operator of one's own, from its equation to an image: y = F (x + g x'), x' shifted by half the field of view: a ghost.

python examples/own_operator.py
"""

import torch

from mridiff.interfaces import Gaussian, LinearOperator, Measured, Problem, Space, Streams
from mridiff.spec import Trait
from mridiff_sdk.consistency import conjugate_gradients
from mridiff_sdk.fourier import fft, ifft
from mridiff_sdk.testing import OperatorCase, examine


class Ghost(LinearOperator):
    """y = F (x + ghost * x shifted by half the field of view along y)."""

    def __init__(self, size: tuple[int, int], ghost: complex = 0.3j) -> None:
        super().__init__()
        self.domain, self.codomain = Space(("y", "x"), size), Space(("ky", "kx"), size, kind="k-space")
        self.ghost, self.distance = ghost, size[0] // 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """F (x + g x')."""
        return fft(x + self.ghost * x.roll(self.distance, 1))

    def adjoint(self, y: torch.Tensor) -> torch.Tensor:
        """x + conj(g) x shifted back, x = F^H y."""
        x = ifft(y)
        return x + self.ghost.conjugate() * x.roll(-self.distance, 1)


def main() -> None:
    """Check the laws, then undo a ghost."""
    A = Ghost((48, 40))
    empty = Measured(None, Gaussian(0.01))
    case = OperatorCase(id="48x40", offers=frozenset({Trait.LINEAR}), measured=lambda _: empty, build=lambda _: A)
    broken = [outcome for outcome in examine([case]) if outcome.status == "failed"]
    print("laws broken:", [outcome.message for outcome in broken] or "none")

    y, x = torch.meshgrid(torch.linspace(-1, 1, 48), torch.linspace(-1, 1, 40), indexing="ij")
    truth = torch.polar(((y / 0.5) ** 2 + (x / 0.7) ** 2 < 1).float(), 2 * x)[None]
    k = Gaussian(0.01).draw(A(truth), Streams.of(0, "noise"))
    problem = Problem.of(A, Measured(k, Gaussian(0.01)))
    image = conjugate_gradients(problem.linear.gram, problem.linear.H(k), iterations=20, tolerance=1e-6)
    for name, found in (("the Fourier transform alone", ifft(k)), ("the operator, inverted", image)):
        print(f"error of {name}: {float((found - truth).norm() / truth.norm()):.3f}")


if __name__ == "__main__":
    main()
