"""`siam doctor`: what siam stands on, and what to mend."""

from __future__ import annotations

import dataclasses

import typer

from siam.commands import console
from siam.commands.options import AsJson, DataDir

__all__ = ["doctor"]


def doctor(
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check versions, backend, GPU, data, rights and disk; say what mends what is amiss."""
    from siam.engine.doctor import examine

    checks = examine(data_dir)
    bad = [check for check in checks if check.state == "bad"]
    if as_json:
        console.json_object({"ok": not bad, "checks": [dataclasses.asdict(c) for c in checks]})
    else:
        console.data("siam is in order." if not bad else f"siam has {len(bad)} problem(s).")
        for check in checks:
            console.data(f"  {check.state:<5} {check.name:<9} {check.detail}")
            if check.cure:
                console.data(f"        {'':<9} {check.cure}")
    if bad:
        raise typer.Exit(1)
