import pytest
from matplotlib.figure import Figure

from mridiff_sdk.training.card import _hours


@pytest.mark.parametrize("seconds", [7200.0, None])
def test_the_curve_tells_hours_where_the_log_does(seconds: float | None) -> None:
    """100 updates in two hours: the scale above reaches four where updates reach 200."""
    axes = Figure().subplots()
    axes.set_xlim(0, 200)
    _hours(axes, [{"step": 100, "loss": 1.0} | ({"seconds": seconds} if seconds else {}), {"step": 100, "denoise_1": 3.0}])
    axes.figure.draw_without_rendering()
    assert [tuple(float(x) for x in scale.get_xlim()) for scale in axes.child_axes] == ([(0.0, 4.0)] if seconds else [])
