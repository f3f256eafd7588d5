"""The `siam` command: its commands, one file each in `siam.commands`.

Nothing heavy is imported here or at the top of those files, so that `siam --help`, completion
and usage errors answer at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Annotated

import typer

from siam import __version__
from siam.commands import console
from siam.commands.classify import classify
from siam.commands.compare import compare
from siam.commands.doctor import doctor
from siam.commands.embed import embed
from siam.commands.evaluate import evaluate
from siam.commands.export import export
from siam.commands.index import index
from siam.commands.query import query
from siam.commands.report import report
from siam.commands.runs import runs
from siam.commands.show import show
from siam.commands.train import train
from siam.commands.verify import verify

__all__ = ["app", "main"]

app = typer.Typer(
    name="siam",
    cls=console.SiamGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train a Siamese network on labelled pictures; then ask it what a new picture is.",
    epilog="Start with:  siam train   then   siam query PICTURE",
)
for command in (
    train,
    query,
    verify,
    evaluate,
    report,
    show,
    compare,
    classify,
    embed,
    export,
    doctor,
):
    app.command()(command)
app.add_typer(index, name="index")
app.add_typer(runs, name="runs")


def print_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        console.data(f"siam {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks (may stand anywhere; SIAM_DEBUG=1).")
    ] = False,
) -> None:
    """Set what holds for every command."""
    if debug:
        os.environ[console.DEBUG] = "1"


def fill_streams() -> None:
    """Open nothing in place of a standard stream that was closed before the start.

    Otherwise the next file that is opened takes its number, and native code writes into that.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w"))


def main() -> None:
    """Run the command line. `--debug` is understood anywhere in it."""
    fill_streams()
    if not 0 < len(os.environ.get("COLUMNS", "80")) <= 4:
        del os.environ["COLUMNS"]  # lines of a hundred million columns would be drawn
    if "--debug" in sys.argv[1:]:
        sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
        os.environ[console.DEBUG] = "1"
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A console in cp1252 or ASCII shows a letter that it lacks as its number, as stderr does.
        sys.stdout.reconfigure(errors="backslashreplace")
    if hasattr(signal, "SIGPIPE"):
        # `siam query ... | head` ends as any Unix command does; code 1 would say "no match".
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    app()


if __name__ == "__main__":
    main()
