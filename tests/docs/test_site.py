"""The docs as a site: it builds without a warning, holds all references, and asks nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import siam
from siam.cli import app

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ("index.html", "tutorial/siamese.html", "reference/commands.html", "measurements.html")

pytestmark = pytest.mark.slow


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built; a warning ends the build with an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_references_name_everything(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text("utf-8")
    names = get_command(app).commands  # type: ignore[attr-defined]
    assert [name for name in names if f'id="siam-{name}"' not in commands] == []
    python = (site / "reference" / "python.html").read_text("utf-8")
    public = set(siam.__all__) - {"__version__"}
    assert [name for name in sorted(public) if f".{name}" not in python] == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("screen", ["desktop light", "phone dark"])
def test_a_page_asks_no_other_server_and_fits(
    page: str, screen: str, address: str, visit: Callable[..., Any]
) -> None:
    opened = visit(f"{address}/{page}", screen)
    opened.wait_for_load_state("networkidle")
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_search_finds(address: str, visit: Callable[..., Any]) -> None:
    page = visit(f"{address}/index.html")
    page.fill(".md-search__input", "contrastive loss")
    page.get_by_text("A Siamese network, step by step").last.wait_for()
