"""`siam compare`: is a Siamese network needed, or would a classifier do?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.interruption import heeded, interruptible
from siam.commands.options import AsJson, Backend, DataDir
from siam.commands.train import key_value

if TYPE_CHECKING:
    from siam.engine.comparison.figures import Comparison

__all__ = ["compare"]


def compare(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="mnist, digits, an IDX folder, or a folder with a sub-folder per class. "
            "Left out: MNIST if it can be had, else digits.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these: sequential, functional, subclassed, residual, siamese. "
            "Repeat it, or separate by commas."
        ),
    ] = None,
    holdout_classes: Annotated[
        str | None,
        typer.Option(
            help="Classes that none is trained on, such as 8,9; 'none' for no such test. "
            "Default: the last fifth."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the pictures, equal for all.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="A value of the recipe for all, such as precision=float32."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes splits, order, initialisation.")] = 0,
    data_dir: DataDir = None,
    backend: Backend = None,
    device: Annotated[str, typer.Option(help="auto, cpu, gpu or gpu:N.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Train Keras' three styles of classifier and the Siamese network on equal terms."""
    from siam.engine.compare import compare as run_comparison
    from siam.runs.config import DataChoice
    from siam.training.device import prepare_device

    prepare_device(backend=backend, device=device)
    names = [name.strip() for part in only or [] for name in part.split(",") if name.strip()]
    untried = holdout_classes == "none"
    data = DataChoice(
        dataset=dataset,
        data_dir=str(data_dir) if data_dir else None,
        holdout_classes=(
            tuple(holdout_classes.split(",")) if holdout_classes and not untried else ()
        ),
    )
    stopped = interruptible("an unfinished comparison is not kept.")
    with stopped, heeded(console.progress) as progress:
        comparison, folder = run_comparison(
            data,
            only=names,
            epochs=epochs,
            overrides=dict(key_value(text) for text in values or []),
            hold_out=not untried,
            seed=seed,
            progress=progress,
            notice=console.notice,
        )
    if as_json:
        console.json_object({**comparison.to_dict(), "path": str(folder)})
        return
    print_comparison(comparison)
    console.data(f"Curves and intervals: {folder / 'comparison.html'}")
    console.notice("Next:  siam classify PICTURE   siam train")


def print_comparison(comparison: Comparison) -> None:
    """Print the verdict, then the figures."""
    from siam.engine.comparison.page import costs_table, scores_table

    for sentence in comparison.verdict:
        console.data(sentence)
    counts, contestants = comparison.pictures, comparison.contestants
    title = (
        f"\n{len(comparison.classes)} classes trained on, {counts['test']:,} test pictures "
        "(shares of 1, with 95 % intervals)"
    )
    console.print_table(title, scores_table(contestants, "seen"))
    if counts["asked"]:
        title = (
            f"\nNew classes {', '.join(comparison.unseen_classes)}: {counts['shown']:,} pictures "
            f"shown, {counts['asked']:,} asked for"
        )
        console.print_table(title, scores_table(contestants, "unseen"))
    console.print_table("\nWhat each costs", costs_table(contestants))
