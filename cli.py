"""The `siam` command: its commands, one file each in `siam.commands`.

Only the command that is asked for is imported and built. Nothing heavy is imported here or at the
top of those files, so that `siam --help`, completion and usage errors answer at once.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from siam import __version__
from siam.commands import console
from siam.commands.interruption import end_unread

__all__ = ["app", "main", "run"]

# Objects between two looks for unused cycles: Python's 700 means dozens of looks while importing.
GC_THRESHOLD = 10_000

# In the order of the help.
COMMANDS = (
    "demo",
    "train",
    "query",
    "verify",
    "evaluate",
    "report",
    "show",
    "audit",
    "compare",
    "classify",
    "embed",
    "sort",
    "label",
    "serve",
    "export",
    "doctor",
    "index",
    "runs",
)
# Those that are never done in less than a second or two.
SLOW = {"demo", "train", "audit", "evaluate", "report", "show", "compare", "embed", "export"}


@functools.cache
def build_command(name: str) -> Any:
    """Import one of the commands and build it."""
    app = function = getattr(importlib.import_module(f"siam.commands.{name}"), name)
    if not isinstance(function, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command(name)(function)
    command = typer.main.get_command(app)
    command.name = name
    return command


class Commands(Mapping[str, Any]):
    """The commands by name, each built when it is first looked up."""

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        return build_command(name)


class RootGroup(console.SiamGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()  # type: ignore[assignment]  # nobody adds to them

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; of a slow one say so before it imports what makes it slow."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in SLOW:
            console.progress("Starting", 0, 0)
        return name, command, rest


app = typer.Typer(
    name="siam",
    cls=RootGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train a Siamese network on labelled pictures; then ask it what a new picture is.",
    epilog="Start with:  siam train   then   siam query PICTURE",
)


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
    gc.set_threshold(GC_THRESHOLD)
    fill_streams()
    end_unread()
    if not 0 < len(os.environ.get("COLUMNS", "80")) <= 4:
        del os.environ["COLUMNS"]  # lines of a hundred million columns would be drawn
    if "--debug" in sys.argv[1:]:
        sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
        os.environ[console.DEBUG] = "1"
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A console in cp1252 or ASCII shows a letter that it lacks as its number, as stderr does.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:
        # A standard stream on a disk that is full; Python would end with a code of its own.
        console.discard(sys.stdout)
        raise SystemExit(console.tell(error)) from None


def run() -> None:
    """Run the command line as a process of its own, and end it without taking it to pieces.

    Freeing every module and library takes a sixth of a query's time; mypy leaves in the same way.
    """
    try:
        main()
    except SystemExit as stop:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as Python does
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError, ValueError):  # Python says what cannot be written
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(stop.code if isinstance(stop.code, int) else int(stop.code is not None))
        raise


if __name__ == "__main__":
    run()
