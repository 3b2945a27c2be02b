"""Compatibility: do the chosen components fit? Set inclusion over declared traits; no torch, no instances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..errors import Mismatch
from ..plugins.entry import Entry
from ..plugins.registry import Registry
from ..spec import Needs, OperatorSpec, PriorSpec, SamplerSpec, Trait


@dataclass(frozen=True)
class Choice:
    """The components of one run; a run may have no dataset yet, and no operator."""

    sampler: Entry
    priors: Mapping[str, Entry]
    operator: Entry | None = None
    dataset: Entry | None = None

    def slots(self) -> dict[str, Entry]:
        """All chosen entries by the slot they fill."""
        priors = {f"priors.{name}": entry for name, entry in self.priors.items()}
        filled = {"dataset": self.dataset, "operator": self.operator, **priors, "sampler": self.sampler}
        return {slot: entry for slot, entry in filled.items() if entry is not None}


def mismatches(choice: Choice, registry: Registry) -> list[Mismatch]:
    """Every reason why the components do not fit, each with installed components that would."""
    return [*_demands(choice, registry), *_prior_slots(choice, registry), *_spaces(choice, registry), *_operator_free(choice, registry)]


def _demands(choice: Choice, registry: Registry) -> list[Mismatch]:
    found = []
    for slot, user in choice.slots().items():
        for wanted, demand in user.spec.needs.items():
            provider = {"operator": choice.operator, "dataset": choice.dataset}.get(wanted)
            if provider is None:
                continue
            if missing := demand.missing(provider.spec.offers):
                fixes = _that(registry, wanted, lambda e, d=demand: not d.missing(e.spec.offers))  # type: ignore[misc]
                found.append(_mismatch(f"{slot} {user.qualified}", wanted, provider, missing, fixes))
    return found


def _prior_slots(choice: Choice, registry: Registry) -> list[Mismatch]:
    spec = choice.sampler.spec
    assert isinstance(spec, SamplerSpec)
    user = f"sampler {choice.sampler.qualified}"
    found = []
    for name, demand in spec.priors.items():
        fixes = _that(registry, "prior", lambda e, d=demand: not d.missing(e.spec.offers))  # type: ignore[misc]
        if name not in choice.priors:
            found.append(Mismatch(f"priors.{name}", user, "(none)", _words(demand), (), fixes))
        elif missing := demand.missing(choice.priors[name].spec.offers):
            found.append(_mismatch(user, f"priors.{name}", choice.priors[name], missing, fixes))
    for name in choice.priors.keys() - spec.priors.keys():
        takes = tuple(spec.priors) or ("no prior",)
        found.append(Mismatch(f"priors.{name}", user, choice.priors[name].qualified, takes, (name,)))
    return found


def _spaces(choice: Choice, registry: Registry) -> list[Mismatch]:
    operator = choice.operator.spec if choice.operator else None
    if not isinstance(operator, OperatorSpec) or choice.operator is None:
        return []
    found = []
    sampler = choice.sampler.spec
    assert isinstance(sampler, SamplerSpec)
    if not set(sampler.axes) <= set(operator.axes):
        fixes = _that(registry, "operator", lambda e: isinstance(e.spec, OperatorSpec) and set(sampler.axes) <= set(e.spec.axes))
        wants, has = tuple(f"axis {a}" for a in sampler.axes), _space(operator)
        found.append(Mismatch("operator", f"sampler {choice.sampler.qualified}", choice.operator.qualified, wants, has, fixes))
    for name, entry in choice.priors.items():
        prior = entry.spec
        assert isinstance(prior, PriorSpec)
        if not _fits(prior, operator):
            fixes = _that(registry, "operator", lambda e, p=prior: isinstance(e.spec, OperatorSpec) and _fits(p, e.spec))  # type: ignore[misc]
            wants, has = _space(prior), _space(operator)
            found.append(Mismatch("operator", f"priors.{name} {entry.qualified}", choice.operator.qualified, wants, has, fixes))
    return found


def _fits(prior: PriorSpec, operator: OperatorSpec) -> bool:
    # Axes that the prior does not know are folded into its batch; a prior of real images serves a complex unknown part by part.
    return set(prior.axes) <= set(operator.axes) and (not prior.complex or operator.complex)


def _space(spec: PriorSpec | OperatorSpec) -> tuple[str, ...]:
    return ("complex" if spec.complex else "real", *(f"axis {a}" for a in spec.axes))


def _operator_free(choice: Choice, registry: Registry) -> list[Mismatch]:
    if choice.operator is not None or Trait.OPERATOR_FREE in choice.sampler.spec.offers:
        return []
    fixes = _that(registry, "sampler", lambda e: Trait.OPERATOR_FREE in e.spec.offers)
    return [Mismatch("operator", f"sampler {choice.sampler.qualified}", "(none)", ("an operator",), (), fixes)]


def _that(registry: Registry, kind: str, good: Callable[[Entry], bool]) -> tuple[str, ...]:
    return tuple(e.qualified for e in registry.entries(kind) if good(e))[:8]


def _words(demand: Needs) -> tuple[str, ...]:
    return demand.missing(frozenset()) or ("a prior",)


def _mismatch(user: str, slot: str, provider: Entry, missing: tuple[str, ...], fixes: tuple[str, ...]) -> Mismatch:
    return Mismatch(slot, user, provider.qualified, missing, tuple(sorted(provider.spec.offers)), fixes)
