"""`mridiff validate`: is a configuration right, and do its components fit?"""

from __future__ import annotations

from typing import Annotated

import typer

from mridiff.cli.common import Json, print_json, registry


def validate(source: Annotated[str, typer.Argument(help="A YAML file or a method's name.")], as_json: Json = False) -> None:
    """Check a configuration: names, options with bounds, and whether the components fit; builds nothing."""
    from mridiff.pipeline.plan import plan

    resolved = plan(source, registry()).as_dict()
    if as_json:
        print_json({"valid": True, "resolved": resolved})
    else:
        used = [f"{slot} {node['use']}" for slot, node in resolved.items() if isinstance(node, dict) and "use" in node]
        typer.echo(f"{source} is valid: {', '.join(used)}")
