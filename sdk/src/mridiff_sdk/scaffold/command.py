"""`mridiff new`: start a package of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new(
    slug: Annotated[str, typer.Argument(help="Name of the method: lower-case words joined by hyphens, as my-method.")],
    kind: Annotated[list[str] | None, typer.Option(help="What it contributes: operator, prior, sampler, dataset; repeatable.")] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Folder in which the package's own folder is made.")] = Path(),
) -> None:
    """Start a package: a small correct method that runs, passes its tests and keeps every law; then make it yours."""
    from .package import Package

    package = Package(slug, tuple(dict.fromkeys(kind or ["sampler"])))
    made = package.write(folder)
    typer.echo(f"Made {made}. Next:\n")
    typer.echo(f"  python -m pip install -e {made}")
    if package.has_recipe:
        typer.echo(f"  mridiff recon {slug} -o out/")
    typer.echo(f"  mridiff check {slug}")
