"""`siam runs`: what has been trained, and removing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from siam.commands import console
from siam.commands.options import AsJson

if TYPE_CHECKING:
    from siam.runs.runs_folder import RunSummary

__all__ = ["runs"]

runs = typer.Typer(
    add_completion=False,
    help="List runs: name, data set, date, pair accuracy, Recall@1, size.",
    invoke_without_command=True,
    cls=console.SiamGroup,
)


@runs.callback()
def show(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List runs: name, data set, date, pair accuracy, Recall@1, size. Newest first."""
    if context.invoked_subcommand is not None:
        return
    from siam.runs.runs_folder import list_runs, runs_folder

    summaries = list_runs()
    if as_json:
        console.json_object({"runs": [as_dict(run) for run in summaries]})
        return
    if not summaries:
        console.notice(f"No runs in {runs_folder().absolute()}. Train one:  siam train")
        return
    rows = [as_row(run) for run in summaries]
    console.table("", ["run", "data set", "date", "pairs", "R@1", "size"], rows)
    console.notice("Look closer:  siam show RUN   siam evaluate --run RUN   siam runs rm RUN")


@runs.command("rm")
def rm(
    names: Annotated[list[str], typer.Argument(help="Runs to remove, finished or not.")],
) -> None:
    """Remove runs with everything in them."""
    from siam.runs.runs_folder import remove_run

    for name in names:
        console.data(f"Removed {remove_run(name)}")


def as_dict(run: RunSummary) -> dict[str, Any]:
    """Return a run's line as plain values."""
    return {
        "name": run.name,
        "path": str(run.path),
        "finished": run.state == "finished",
        "state": run.state,
        "dataset": run.dataset,
        "created": run.created,
        "pair_accuracy": run.pair_accuracy,
        "recall@1": run.recall_at_1,
        "bytes": run.size,
    }


def as_row(run: RunSummary) -> list[str]:
    """Return a run's line of the table."""
    import time

    figures = [
        "-" if figure is None else f"{figure:.2%}"
        for figure in (run.pair_accuracy, run.recall_at_1)
    ]
    return [
        run.name if run.state == "finished" else f"{run.name} ({run.state})",
        run.dataset or "?",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created)),
        *figures,
        f"{run.size / 1e6:.1f} MB",
    ]
