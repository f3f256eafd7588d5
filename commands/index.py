"""`siam index`: add, sync, remove, info, verify, tune and push the pictures that queries search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from siam.commands import console
from siam.commands.answers import print_indexed
from siam.commands.index_store import push, use
from siam.commands.interruption import interruptible
from siam.commands.options import AsJson, RunName, StoreAddress
from siam.printable import printable

if TYPE_CHECKING:
    from siam.index.stores.tune import Trial

__all__ = ["index"]

SHOWN = 50
AS_BEFORE = "the index answers as before."
KEPT = "what was committed is kept. Run it again to go on from there."

index = typer.Typer(
    add_completion=False,
    help="Add, sync, remove, inspect, verify, tune and push the indexed pictures.",
    no_args_is_help=True,
    cls=console.SiamGroup,
)


@index.command()
def add(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders (labelled by sub-folder), tables of path,label[,split], or "
            ".npz files with x and perhaps y."
        ),
    ],
    label: Annotated[str | None, typer.Option(help="The label of all of them.")] = None,
    meta: Annotated[
        list[str] | None, typer.Option(help="A value to filter by later: name=value.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Make a run of these by an encoder that ships with siam, without training: "
            "glyphs, for drawn signs of any kind."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="With --encoder: the run's name. Default: the folder's.")
    ] = None,
    run: RunName = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """Index pictures; a new label is searchable at once, without training.

    Exit code: 3 where a picture could not be read; the others are indexed all the same.
    """
    from siam.engine.api.run import open as open_run
    from siam.engine.index.item_options import parse_meta

    values = parse_meta(meta or [])
    if encoder is not None:
        from siam.engine.index.bundled_encoder import add_by_encoder

        if run is not None or store is not None:
            raise typer.BadParameter("--encoder makes a run of its own; leave out --run, --store.")
        with interruptible("no run was made."):
            path, done = add_by_encoder(
                encoder, sources, name=name, label=label, meta=values, progress=console.progress
            )
        console.notice(
            f"Made the run '{path.name}' by the bundled encoder of {encoder}: nothing was trained, "
            "and one picture of each is enough."
        )
        print_indexed(path.name, done, as_json=as_json)
        return
    if name is not None:
        raise typer.BadParameter("--name goes with --encoder; an index is its run's.")
    opened = open_run(run, store=store)
    with interruptible(KEPT):
        done = opened.index.add(sources, label=label, meta=values, progress=console.progress)
    print_indexed(opened.name, done, as_json=as_json)


@index.command()
def sync(
    folder: Annotated[
        Path, typer.Argument(help="The folder (or file) that the index should follow.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    run: RunName = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """Add new pictures of a folder, embed changed ones again, drop deleted ones.

    Exit code: 3 where a picture could not be read; the others are indexed all the same.
    """
    from siam.engine.api.run import open as open_run

    opened = open_run(run, store=store)
    with interruptible(KEPT):
        done = opened.index.sync(folder, dry_run=dry_run, progress=console.progress)
    print_indexed(opened.name, done, as_json=as_json, dry_run=dry_run)


@index.command()
def remove(
    items: Annotated[list[str] | None, typer.Argument(help="Ids or keys of items.")] = None,
    label: Annotated[str | None, typer.Option(help="All items with this label.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="All items that pass this filter.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    run: RunName = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """Take items out of the index, by id, key, label or filter; files are not touched."""
    from siam.engine.index.item_options import items_to_remove
    from siam.engine.index.sync import open_to_index

    with open_to_index(run, store=store) as opened:
        ids = items_to_remove(opened.gallery, items or [], label=label, where=where or [])
        count = len(ids) if dry_run else opened.gallery.remove(ids)
        total = len(opened.gallery)
        if as_json:
            removed = {"removed": count, "dry_run": dry_run, "total": total}
            console.json_object({"run": opened.name, **removed})
        else:
            verb = "Would remove" if dry_run else "Removed"
            console.data(f"{verb} {count:,} items; the index holds {total:,}.")


@index.command()
def info(run: RunName = None, store: StoreAddress = None, as_json: AsJson = False) -> None:
    """Say what the index holds: counts by label and split, its kind, its size on disk."""
    from siam.engine.open_run import open_run
    from siam.index.summary import collect_notices, summarise

    with open_run(run, store=store) as opened:
        held = summarise(opened.gallery)
        if notices := collect_notices(opened.gallery):
            console.notice("\n".join(notices))
        if as_json:
            console.json_object({"run": opened.name, **held.to_dict()})
            return
        console.data(f"{held.items:,} pictures in {len(held.labels):,} labels.")
        rows = [[label or "(none)", f"{count:,}"] for label, count in held.labels.items()]
        console.table("", ["label", "items"], rows[:SHOWN])
        if len(rows) > SHOWN:
            console.data(f"... and {len(rows) - SHOWN:,} more labels (--json lists all)")
        splits = ", ".join(
            f"{printable(name or '(none)')} {n:,}" for name, n in held.splits.items()
        )
        console.data(f"splits: {splits or 'none'}")
        there = opened.gallery.on_server
        size = "on the server" if there else f"{held.disk / 2**20:.1f} MB in"
        console.data(f"kind: {held.kind}, in use: {held.structure}, lags by {held.lag:,} items")
        if held.recall < 1:
            how = ", ".join(f"{name} {value}" for name, value in held.effort.items())
            console.data(f"finds {held.recall:.1%} of the exact answer, with {how}")
        console.data(f"{held.dim} numbers a vector, {size} {held.folder}")
        console.data(f"encoder: {held.encoder[:12]}, ids up to {held.last_id:,}")
        if there and store is None:
            console.data("chosen by `siam index use`; the run's own index: --store local")
        faster = "" if there else "   Make it faster:  siam index tune"
        console.notice(f"Check it:  siam index verify{faster}")


@index.command()
def verify(
    repair: Annotated[bool, typer.Option("--repair", help="Set right what can be.")] = False,
    run: RunName = None,
    store: StoreAddress = None,
    as_json: AsJson = False,
) -> None:
    """Compare vectors, counts, picture files and searches with what they should be.

    Exit code: 4 where something is wrong and was not repaired.
    """
    import msgspec

    from siam.engine.api.run import open as open_run

    opened = open_run(run, store=store)
    result = opened.index.verify(repair=repair, progress=console.progress)
    if as_json:
        found = msgspec.to_builtins(result)
        console.json_object({"run": opened.name, "clean": result.clean, **found})
    else:
        state = "is sound" if result.clean else "is damaged"
        console.data(f"The index {state}: {result.items:,} items.")
        for problem in result.problems:
            console.data(f"{'repaired' if problem.repaired else 'found'}: {problem.what}")
        files = f"{result.checked_files:,} picture files compared"
        console.data(f"{files}; searches find {result.recall:.1%} of the brute-force answer.")
        if not repair and not all(problem.repaired for problem in result.problems):
            cure = "push --replace" if opened.index.store else "verify --repair"
            console.notice(f"Set it right:  siam index {cure}")
    if not result.clean:
        raise typer.Exit(4)


@index.command()
def tune(
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Kinds to try: flat, hnsw, ivf, ivfpq, sq8 or a FAISS factory string."),
    ] = None,
    max_memory: Annotated[
        str | None, typer.Option(help="Memory to stay within, such as 2G.")
    ] = None,
    max_latency: Annotated[
        str | None, typer.Option(help="Time for one query to stay within, such as 5ms.")
    ] = None,
    min_recall: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the exact answer to find.")
    ] = 0.99,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only measure.")] = False,
    run: RunName = None,
    as_json: AsJson = False,
) -> None:
    """Measure index kinds on these very vectors, and take the fastest inside the budget."""
    from dataclasses import asdict

    from siam.engine.open_run import open_run
    from siam.index.stores import tune as trying
    from siam.index.stores.budget import Budget, parse_latency, parse_memory
    from siam.index.stores.kinds import KINDS
    from siam.runs.chosen_store import OWN

    budget = Budget(
        max_memory=parse_memory(max_memory) if max_memory else None,
        max_latency=parse_latency(max_latency) if max_latency else None,
        min_recall=min_recall,
    )
    stopped, opening = interruptible(AS_BEFORE), open_run(run, read_only=dry_run, store=OWN)
    with stopped, opening as opened:
        if not dry_run:
            opened.gallery.configure()  # a folder that cannot be written is told of at once
        trials = trying.tune(
            opened.gallery, budget, kinds=kind or KINDS[1:], progress=console.progress
        )
        if not as_json:
            columns = ["kind", "FAISS", "recall@10", "ms a query", "queries/s", "MB", "build s", ""]
            console.table("", columns, [as_row(trial) for trial in trials])
        chosen = trying.best(trials)
        if not dry_run:
            opened.gallery.configure(kind=chosen.kind, budget=budget)
            opened.gallery.build(afresh=True, progress=console.progress)
        if as_json:
            report = {"chosen": chosen.kind, "trials": [asdict(trial) for trial in trials]}
            console.json_object({"run": opened.name, **report})
        else:
            console.data(f"{'Best' if dry_run else 'Chosen'}: {chosen.kind} ({chosen.factory}).")


index.command()(push)
index.command()(use)


def as_row(trial: Trial) -> list[str]:
    """Return a trial's line of the table."""
    speed = [f"{trial.latency * 1e3:.3f}", f"{trial.throughput:,.0f}"]
    cost = [f"{trial.memory / 2**20:.1f}", f"{trial.build:.1f}"]
    recall = f"{trial.recall:.2%}"
    return [trial.kind, trial.factory, recall, *speed, *cost, "" if trial.fits else "over budget"]
