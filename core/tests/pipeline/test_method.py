"""Calling a method: seeds, samples, spread, and what is scored."""

import sys
from dataclasses import replace
from typing import ClassVar

import pytest
import torch

from mridiff.errors import ConfigError
from mridiff.interfaces import Field, Sampler, Scaling, Space, Step
from mridiff.pipeline import method as method_module
from mridiff.pipeline.method import Method, load
from mridiff.plugins.registry import Registry
from mridiff.spec import SamplerSpec, Trait, needs
from toy import CONFIG, SPECS, Few, Mask, Shrink, registry


def test_the_seed_of_a_call_holds_and_zero_is_a_seed():
    scan, method, seven = Few()[0], load(CONFIG, registry()), load(CONFIG, registry(), seed=7)
    assert torch.equal(method(scan, seed=7).samples, seven(scan).samples)
    assert torch.equal(seven(scan, seed=0).samples, method(scan).samples)
    assert not torch.equal(method(scan).samples, seven(scan).samples)


def test_scans_of_one_seed_have_streams_of_their_own():
    method, scan = load(CONFIG, registry()), Few()[0]
    assert not torch.equal(method(scan).samples, method(replace(scan, id="other")).samples)


def test_the_number_of_samples_of_a_call_holds():
    method = load(CONFIG, registry(), samples=2)
    assert len(method(Few()[0]).samples) == 2 and len(method(Few()[0], samples=5).samples) == 5


def test_the_spread_is_that_of_a_sample_of_few():
    result = load(CONFIG, registry(), samples=3)(Few()[0])
    centred = result.samples - result.samples.mean(0)
    torch.testing.assert_close(result.std, (centred.abs().square().sum(0) / 2).sqrt())
    assert load(CONFIG, registry())(Few()[0]).std is None


class Once(Sampler):
    """A point estimate that counts how often, and for how many samples, it was asked, and whether gradients were on."""

    asked: ClassVar = []

    def __init__(self, prior):
        super().__init__()
        self.prior = prior

    def trajectory(self, problem, rng):
        self.asked.append((len(rng), torch.is_grad_enabled()))
        x = problem.linear.H(problem.y).expand(len(rng), -1, -1).clone().requires_grad_(torch.is_grad_enabled())
        yield Step(0, 1, self.prior(x, 1.0, {}))


def _once(monkeypatch, **offers):
    monkeypatch.setitem(sys.modules, "test_method", sys.modules[__name__])
    monkeypatch.setattr(Once, "asked", [])
    spec = SamplerSpec(name="once", summary="once", target="test_method:Once", priors={"prior": needs(Trait.DENOISER)},
                       needs={"operator": needs(Trait.LINEAR)}, **offers)  # fmt: skip
    return load({**CONFIG, "sampler": {"use": "once"}, "samples": 6, "batch": 4}, Registry.of((*SPECS, spec)))


def test_a_point_estimate_is_made_once(monkeypatch):
    result = _once(monkeypatch, offers={Trait.POINT})(Few()[0])
    assert Once.asked == [(1, False)] and len(result.samples) == 1 and result.std is None and result.cost.nfe == 1


def test_samples_are_drawn_in_batches_without_gradients(monkeypatch):
    result = _once(monkeypatch)(Few()[0])
    assert Once.asked == [(4, False), (2, False)] and len(result.samples) == 6
    assert not result.x.requires_grad and torch.is_grad_enabled()


def test_priors_that_stand_already_are_not_built_again():
    made, scan = load(CONFIG, registry()), Few()[0]
    again = Method(made.plan, made.priors)
    assert again.priors == made.priors and torch.equal(again(scan).x, made(scan).x)


def test_priors_of_different_scales_are_refused_before_anything_runs():
    method = load(CONFIG, registry())
    method.priors["second"] = Shrink()
    assert method._common_scaling() == Scaling("max-adjoint")
    method.priors["second"].scaling = Scaling("max-adjoint", 2.0)
    with pytest.raises(ConfigError, match="different scales"):
        method._common_scaling()


def test_a_truth_in_the_space_of_the_unknown_is_seen_as_the_result_is(monkeypatch):
    """The operator shows the mean over x of the unknown: its truth is shown so too, and one that is shown already stays."""
    monkeypatch.setattr(Mask, "image", lambda self, x: x.mean(-1) * 2)
    monkeypatch.setattr(Mask, "image_space", property(lambda self: Space(("y",), (4,), kind="profile")))
    scored = []
    monkeypatch.setattr(method_module, "service", lambda name: (lambda *given: scored.append(given) or {}) if name == "metrics" else None)
    scan, method = Few()[0], load(CONFIG, registry())
    truth = scan.truth["x"].data
    method(scan)
    shown = truth.mean(-1) * 2
    for name, estimate, reference, space, _ in scored:
        assert name == "x" and estimate.shape == reference.shape == (1, 4) and (space.axes, space.kind) == (("y",), "profile")
        torch.testing.assert_close(reference, shown)
    scored.clear()
    method(replace(scan, truth={"x": Field(shown, ("y",))}))
    assert len(scored) == 2
    for _, _, reference, _, _ in scored:
        torch.testing.assert_close(reference, shown)


def test_a_truth_of_another_space_is_told_and_not_scored(monkeypatch):
    """A series as reference of one image: what was computed is kept, and the record says why it has no score."""
    scored = []
    monkeypatch.setattr(method_module, "service", lambda name: (lambda *given: scored.append(given) or {}) if name == "metrics" else None)
    scan, method = Few()[0], load(CONFIG, registry())
    series = replace(scan, truth={"x": Field(scan.truth["x"].data[:, None], ("t", "y", "x"))})
    found = method(series)
    assert not scored and not found.metrics
    assert found.notes == ("x ('y', 'x') is not scored: its reference is ('t', 'y', 'x')",)
    assert method(scan).notes == ()
