"""`siam audit`: what in a data set is likely wrong, and what to do about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.options import AsJson, DataDir, RunName

if TYPE_CHECKING:
    from siam.engine.audit.audit import Audit

__all__ = ["audit"]

SHOWN = 20


def audit(
    dataset: Annotated[
        str | None,
        typer.Argument(
            help="As for siam train. Default: what the run was trained on.", show_default=False
        ),
    ] = None,
    run: RunName = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Judge by a run. Default where it has one.")
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(
            help="Train so many networks, each without a part to judge. Default: 3 without a run.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write a row a proposal.", show_default=False)
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page of pictures.", show_default=False)
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option(help="Make a copy with the proposals of a --csv.", show_default=False),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="The copy's folder, for --apply.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Find likely wrong labels, doubles, leaks between splits, outliers and unreadable pictures.

    Nothing of the data set is changed: --csv writes proposals, --apply carries them out on a copy.
    """
    from siam.engine.answers.outputs import check_output
    from siam.engine.audit.audit import audit_dataset
    from siam.errors import UsageError, need_packages

    if quick and folds is not None:
        raise UsageError("--quick judges by a run, --folds trains networks.", "Name one of them.")
    if (apply is None) != (to is None):
        raise UsageError("--apply FIXES and --to FOLDER go together.", "Name both.")
    if apply is not None and to is not None:
        mend(apply, to, dataset, run, as_json)
        return
    for path in (csv, html):
        if path is not None:
            check_output(path, inputs=[dataset] if dataset else [])
            if not path.absolute().parent.is_dir():  # said before the work, not after it
                raise UsageError(f"There is no folder {path.parent}.", "Make it, or name another.")
    if html is not None:
        need_packages("siam audit --html", "train", "jinja2")
    done = audit_dataset(
        dataset,
        run=run,
        quick=quick,
        folds=folds,
        data_dir=data_dir,
        progress=console.progress,
        notice=console.notice,
    )
    if csv is not None:
        done.write_fixes(csv)
    if html is not None:
        done.write_page(html)
    if as_json:
        console.json_object(done.to_dict())
    else:
        print_audit(done, csv)


def mend(fixes: Path, to: Path, dataset: str | None, run: str | None, as_json: bool) -> None:
    """Carry proposals out on a copy, and say what was done."""
    from siam.engine.audit.apply import apply_fixes

    done = apply_fixes(fixes, to, dataset=dataset, run=run, progress=console.progress)
    for path in done.unreadable:
        console.notice(f"Skipped: {path} cannot be read.")
    if as_json:
        console.json_object(done.to_dict())
    else:
        console.data(
            f"{done.copied:,} pictures in {done.to}: {done.relabelled:,} under another label, "
            f"{done.left_out:,} left out."
        )
        console.notice(f"Train on them:  siam train {done.to}")
    if done.unreadable:
        raise typer.Exit(3)


def print_audit(done: Audit, csv: Path | None) -> None:
    """Print what was found, the first of it, and what to try next."""
    console.data(f"{done.pictures.dataset}, {done.found}")
    console.data(f"{done.doubt} {done.way}")
    for labels in (True, False):
        rows = [
            [one.path, one.label, one.problem, one.proposal, one.evidence]
            for one in done.findings
            if (one.problem == "wrong label") == labels and not one.only_ranked
        ]
        if rows:
            console.table("", ["picture", "label", "problem", "proposal", "why"], rows[:SHOWN])
        if len(rows) > SHOWN:
            console.data(f"The first {SHOWN} of {len(rows):,}; --csv FILE writes all.")
    for one in done.overlaps[:SHOWN]:
        first, second = one.classes
        console.data(
            f"{first} and {second} overlap: {one.pictures:,} pictures, {one.share:.1%} of both, "
            "are taken for the other."
        )
    for name, number in list(done.small_classes.items())[:SHOWN]:
        console.data(f"{name} has {number} pictures; give each class six or more.")
    if csv is None:
        console.notice("Mend it:  --csv fixes.csv   then   --apply fixes.csv --to FOLDER")
    else:
        console.notice(
            f"Look at {csv}, take out what is right as it is, then:  siam audit "
            f"--apply {csv} --to FOLDER"
        )
