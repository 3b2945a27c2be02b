"""`mridiff train`: train a prior or a learned sampler."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mridiff.cli.common import registry
from mridiff.errors import ConfigError, Mistake, MridiffError, NotFound, PluginContractError
from mridiff.plugins.entry import Entry
from mridiff.plugins.registry import Registry


def train(
    name: Annotated[str, typer.Argument(help="A prior or sampler that declares a training, or a method that uses one.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of checkpoint, log, weights and card; a run found there goes on.")],
    config: Annotated[Path | None, typer.Option(help="A file, or one of the package's own by name; train.yaml if not given.")] = None,
    data: Annotated[Path | None, typer.Option(envvar="MRIDIFF_DATA", help="Folder of the training data.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights to start from; from nothing if not given.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder of prepared data; OUT/cache if not given.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads per process; shared out evenly if not given.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes on this machine that train one model together.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or one of several as cuda:1.")] = "cpu",
) -> None:
    """Train a prior or a learned sampler; a run that was stopped goes on where its last checkpoint was written."""
    import torch
    from torch.multiprocessing.spawn import ProcessRaisedException

    from mridiff.pipeline.method import usable

    from ..training.configuration import read_configuration
    from ..training.job import Job
    from ..training.parallel import start

    entry = trainable(name, registry())
    config = configuration(entry, config)
    read_configuration(config, entry.function("training"))
    mistakes = [Mistake("--data", f"{data} is not there")] if data and not data.exists() else []
    mistakes += [Mistake("--weights", f"{weights} is not a file")] if weights and not weights.is_file() else []
    if processes > 1 and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        mistakes.append(Mistake("--processes", "the processes were started already: leave it out under torchrun"))
    if mistakes:
        raise ConfigError(mistakes)
    usable(device)
    share = threads or max(1, torch.get_num_threads() // processes)
    job = Job(entry.spec.kind, entry.qualified, config, data, out, cache or out / "cache", weights, share, processes, device)
    try:
        start(job, processes) if processes > 1 else job()
    except ProcessRaisedException as error:
        raise MridiffError(f"training failed: {str(error).splitlines()[-1]}", hint=str(error)) from error
    except KeyboardInterrupt:
        typer.echo("Stopped; the same command goes on from the last checkpoint.", err=True)
        raise SystemExit(130) from None
    if int(os.environ.get("RANK", "0")) == 0:
        typer.echo(f"{out / 'weights.safetensors'}\n{out / 'card.md'}")


def configuration(entry: Entry, given: Path | None) -> Path:
    """The file given; where there is none, or no such file but a bare name, the package's own, beside its training function."""
    if given is not None and (given.exists() or len(given.parts) > 1):
        return given
    module = entry.spec.training.partition(":")[0]  # type: ignore[attr-defined]  # `trainable` found it
    folder = module.removeprefix(f"{entry.package}.").split(".")[:-1]
    own = Path(*folder, given or "train.yaml")
    try:
        return entry.resource(own.as_posix())
    except PluginContractError:
        if given is None:
            raise
        return given


def trainable(name: str, found: Registry) -> Entry:
    """The prior or sampler of that name that declares a training, or the one that the method of that name uses; raises NotFound."""
    entries = [e for kind in ("prior", "sampler") for e in found.entries(kind) if getattr(e.spec, "training", "")]
    chosen = [e for e in entries if name in {e.spec.name, e.qualified}]
    if not chosen and any(name in {e.spec.name, e.qualified} for e in found.entries("recipe")):
        from mridiff.pipeline.plan import plan

        used = plan(name, found).choice.slots().values()
        chosen = [e for e in entries if e in used]
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(e.qualified for e in chosen or entries) or "none is installed"
    what = "has several" if chosen else "is no prior or sampler that declares a training, and no method that uses one; there are"
    raise NotFound(f"{name!r} {what}: {known}", hint="name one of these, as plugin/name")
