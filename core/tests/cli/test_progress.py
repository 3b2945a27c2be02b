"""The progress bar: it never goes backwards, ends when all is done, and every method has one of its own."""

import itertools

import torch

from mridiff.cli.progress import Done, progress
from mridiff.interfaces import Step


def steps(samples, batch, total):
    """What a run reports of one scan: (step, first, samples)."""
    for first in range(0, samples, batch):
        n = min(batch, samples - first)
        for i in range(total):
            yield Step(i, total, torch.zeros(n, 4, 6), 1.0), first, samples


def test_it_grows_evenly_over_batches_and_scans_and_ends_at_the_number_of_scans():
    done = Done()
    seen = [done.after(scan, *step) for scan in ("a", "b") for step in steps(samples=8, batch=3, total=5)]
    assert all(x < y for x, y in itertools.pairwise(seen))
    assert seen[4] == 3 / 8 and seen[14] == 1 and seen[-1] == 2


def test_it_never_goes_backwards_whatever_a_sampler_says():
    done = Done()
    counts = [(0, 10), (9, 10), (0, 100), (5, 3), (0, 1), (2, 10)]  # a second stage, a wrong total
    seen = [done.after("a", Step(i, n, torch.zeros(1, 2), 1.0), 0, 1) for i, n in counts]
    assert seen == sorted(seen) and seen[-1] <= 1
    assert 1 < done.after("b", Step(0, 10, torch.zeros(1, 2), 1.0), 0, 1) < 1.2


def test_a_second_method_starts_at_nothing_and_names_are_no_markup(monkeypatch):
    from rich.progress import Progress

    made = []
    start = Progress.__init__
    monkeypatch.setattr(Progress, "__init__", lambda self, *a, **k: (made.append(self), start(self, *a, **k))[1])
    with progress() as bar:
        first, second = bar("one", 2), bar("[/red]", 2)
        for scan, step in itertools.product(("a", "[b]"), steps(samples=1, batch=1, total=3)):
            first(scan, *step)
        second("[/b]", *next(steps(samples=1, batch=1, total=4)))
        (bars,) = made
        assert [task.completed for task in bars.tasks] == [2, 0.25]
        bars.refresh()
