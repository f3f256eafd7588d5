"""`siam runs`: what has been trained, removing it, and sending it to somebody in one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from siam.commands import console
from siam.commands.options import AsJson

if TYPE_CHECKING:
    from siam.runs.runs_folder import RunSummary

__all__ = ["runs"]

Sign = Annotated[
    Path | None, typer.Option(help="A PEM file with an ed25519 private key to sign with.")
]
GalleryPictures = Annotated[
    bool,
    typer.Option(
        "--gallery-pictures/--no-gallery-pictures",
        help="Keep the small pictures of what is indexed.",
    ),
]
Trust = Annotated[
    Path | None,
    typer.Option(
        help="A PEM file of public keys, one of which must have signed it "
        "(SIAM_TRUSTED_KEYS names one for all packed runs)."
    ),
]

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
        console.notice(
            f"No runs in {runs_folder().absolute()}. Train one:  siam train\n"
            "Until then the bundled digits answer:  siam query PICTURE"
        )
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


@runs.command("pack")
def pack(
    run: Annotated[str | None, typer.Argument(help="A run's name or path. Default: last.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file. Default: RUN.siam here.")] = None,
    sign: Sign = None,
    gallery_pictures: GalleryPictures = True,
) -> None:
    """Put a run with its index into one file, RUN.siam, to be sent to somebody."""
    from siam.atomic import sha256
    from siam.engine.pack import pack_run

    file = pack_run(run, out, key=sign, thumbnails=gallery_pictures)
    console.data(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    console.notice(
        f"Ask it:  siam query PICTURE --run {file}   Make it a run:  siam runs unpack {file}\n"
        f"Put on a server:  --run https://HOST/{file.name}#sha256={sha256(file)}"
    )


@runs.command("unpack")
def unpack(
    file: Annotated[Path, typer.Argument(help="A packed run, RUN.siam.")],
    name: Annotated[str | None, typer.Option(help="What to call it. Default: as it was.")] = None,
    trust: Trust = None,
) -> None:
    """Make a run from a packed one. It may come from anybody: it is data, and is checked."""
    from siam.engine.pack import unpack_run

    done = unpack_run(file, name=name, trusted=trust, progress=console.progress)
    console.data(str(done.path))
    tell_signature(done.signed, trust)
    console.notice(f"Ask it:  siam query PICTURE --run {done.path.name}")


@runs.command("publish")
def publish(
    run: Annotated[str, typer.Argument(help="A run's name or path.")],
    repository: Annotated[str, typer.Argument(help="OWNER/NAME on the hub, made if missing.")],
    license: Annotated[
        str | None, typer.Option(help="The license that you give it, such as mit. Default: none.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Let everybody see it. Default: a private repository.")
    ] = False,
    sign: Sign = None,
    gallery_pictures: GalleryPictures = True,
) -> None:
    """Put a run on Hugging Face, packed, with a card of its figures (log in: hf auth login)."""
    from siam.engine.sharing.hub import publish_run

    done = publish_run(
        run,
        repository,
        license=license,
        public=public,
        thumbnails=gallery_pictures,
        key=sign,
        progress=console.progress,
    )
    console.data(f"{done.address}  {done.size / 1e6:.1f} MB, revision {done.revision[:12]}")
    who = "Only you see it" if done.private else "Everybody sees it"
    console.notice(f"{who}, with the run's pictures, and where yours lay (docs/export.md).")
    console.notice(f"Fetch it:  siam runs pull {repository} --revision {done.revision}")


@runs.command("pull")
def pull(
    repository: Annotated[str, typer.Argument(help="OWNER/NAME on the hub.")],
    revision: Annotated[
        str | None, typer.Option(help="A commit, branch or tag. Default: the newest.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it. Default: as it was.")] = None,
    trust: Trust = None,
) -> None:
    """Make a run from one on Hugging Face. It may be anybody's: it is data, and is checked."""
    from siam.engine.sharing.hub import pull_run

    done = pull_run(
        repository, revision=revision, name=name, trusted=trust, progress=console.progress
    )
    console.data(str(done.run.path))
    console.notice(f"Pulled {done.size / 1e6:.1f} MB of {repository}, revision {done.revision}.")
    tell_signature(done.run.signed, trust)
    console.notice(f"Ask it:  siam query PICTURE --run {done.run.path.name}")


def tell_signature(signed: bool, trust: Path | None) -> None:
    """Say that nobody has asked whose signature a pack has."""
    if signed and trust is None and not os.environ.get("SIAM_TRUSTED_KEYS"):
        console.notice("It is signed; by whom was not checked: give --trust PUBLIC_KEY.")


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
