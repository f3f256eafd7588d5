"""`siam serve`: the page and the API of a run, for this machine or, with a token, for others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from siam.commands import console
from siam.commands.options import RunName, StoreAddress
from siam.printable import printable

__all__ = ["serve"]

TOKEN = "SIAM_SERVE_TOKEN"
# Fewer letters are guessed.
SHORTEST = 16


def serve(
    run: RunName = None,
    store: StoreAddress = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    writable: Annotated[
        bool, typer.Option("--writable", help="Let items be added, labelled and removed.")
    ] = False,
    label: Annotated[
        Path | None, typer.Option(help="A folder whose pictures are to be labelled.")
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option(help=f"A file that holds the token. Default: {TOKEN}.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name that the server is reached by.")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0, help="Requests a second from one address; 0: any number.")
    ] = 1000,
    access_log: Annotated[
        bool, typer.Option("--access-log", help="Write a line for each request.")
    ] = False,
) -> None:
    """Serve a page to draw, search, compare and label in, and an HTTP API.

    On this machine alone, unless --host says more: then clients must know the token in the
    environment variable SIAM_SERVE_TOKEN. It only reads, unless --writable. Ctrl-C stops it.
    """
    from siam.errors import UsageError, need_packages

    need_packages("siam serve", "web", "fastapi", "uvicorn", "httptools", "python_multipart")
    if label is not None and not writable:
        raise UsageError("--label keeps labels in the run's index.", "Add --writable.")
    from siam.web.server import serve as serve_run
    from siam.web.settings import Settings

    token = read_token(token_file)
    settings = Settings(
        run=run,
        writable=writable,
        label=label,
        store=store,
        token=token,
        host=host,
        hosts=tuple(name.lower() for name in allow_host or ()),
        rate=rate,
    )

    def ready(url: str, name: str) -> None:
        mode = "writable" if writable else "read-only"
        asked = "asks for the token" if token else "no token, this machine alone"
        console.hide_progress()
        console.notice(f"Serving {printable(name)} at {url} ({mode}; {asked}). Ctrl-C stops it.")
        if open_page:
            import webbrowser

            webbrowser.open(url)

    serve_run(settings, port=port, ready=ready, access_log=access_log)
    console.notice("Stopped.")


def read_token(file: Path | None) -> str:
    """Return the token that clients must know, "" where none is set.

    Raises:
        UsageError: it is too short, or holds what no header can.
        DataError: the file cannot be read.
    """
    from siam.errors import DataError, UsageError

    token = os.environ.get(TOKEN, "")
    if file is not None:
        try:
            token = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{file} cannot be read: {error}.", "Write the token to it.") from None
    elif not token:
        return ""
    if len(token) < SHORTEST or not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError(
            f"A token is {SHORTEST} plain letters and digits or more, received {len(token)}.",
            "Make one:  python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return token
