"""A run published and pulled, by a stand-in for the hub on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from loopback_server import LoopbackServer, QuietHandler
from typer.testing import CliRunner, Result

from siam.atomic import sha256
from siam.cli import app
from siam.engine.sharing.hub import publish_run, pull_run
from siam.errors import RunError, UsageError
from siam.runs.bundled_run import bundled_run

REPOSITORY = "me/digits"


class Hub(LoopbackServer):
    """What `huggingface_hub` asks for when a repository is made, written to and read."""

    def __init__(self) -> None:
        super().__init__(Handler)
        self.private: dict[str, bool] = {}
        self.revisions: dict[str, dict[str, bytes]] = {}
        self.newest = ""
        self.tokens: set[str | None] = set()

    def commit(self, files: dict[str, bytes]) -> str:
        whole = self.revisions.get(self.newest, {}) | files
        self.newest = hashlib.sha1(b"".join(sorted(whole.values()))).hexdigest()
        self.revisions[self.newest] = whole
        return self.newest


class Handler(QuietHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        hub = self.server
        hub.tokens.add(self.headers.get("Authorization"))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            hub.private.setdefault(
                name, asked.get("visibility") == "private" or asked.get("private", False)
            )
            self.answer({"url": f"{hub.address}/{name}"})
        elif self.path == "/api/validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            self.answer({"files": files})
        elif "/commit/" in self.path:
            lines = [json.loads(line) for line in body.splitlines()]
            files = {
                line["value"]["path"]: base64.b64decode(line["value"]["content"])
                for line in lines
                if line["key"] == "file"
            }
            oid = hub.commit(files)
            url = f"{hub.address}/{REPOSITORY}/commit/{oid}"
            self.answer({"success": True, "commitOid": oid, "commitUrl": url})
        else:
            self.answer({"error": "Not found"}, status=404)

    def do_GET(self) -> None:
        hub = self.server
        path = self.path.partition("?")[0]
        parts = path.strip("/").split("/")
        if path.startswith(f"/api/models/{REPOSITORY}") and hub.revisions:
            asked = parts[5] if len(parts) > 5 else hub.newest
            files = hub.revisions.get(hub.newest if asked == "main" else asked)
            if files is None:
                self.answer({"error": "Invalid rev"}, status=404, code="RevisionNotFound")
                return
            siblings = [{"rfilename": name, "size": len(files[name])} for name in files]
            told = {"id": REPOSITORY, "sha": hub.newest if asked == "main" else asked}
            self.answer({**told, "private": hub.private[REPOSITORY], "siblings": siblings})
        elif path.startswith(f"/{REPOSITORY}/resolve/") and parts[3] in hub.revisions:
            self.content(hub.revisions[parts[3]][parts[4]], parts[3])
        else:
            self.answer({"error": "Not found"}, status=404, code="RepoNotFound")

    do_HEAD = do_GET

    def answer(self, content: Any, *, status: int = 200, code: str | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def content(self, body: bytes, revision: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repo-Commit", revision)
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)


@pytest.fixture
def hub(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub's library, asking the stand-in, with a token of its own and an empty cache."""
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_TOKEN", "hf_stand_in")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: tmp_path / "cache")
    with Hub() as server:
        constants = "huggingface_hub.constants"
        pattern = f"{server.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(f"{constants}.ENDPOINT", server.address)
        monkeypatch.setattr(f"{constants}.HUGGINGFACE_CO_URL_TEMPLATE", pattern)
        yield server


@pytest.fixture
def digits(hub: Hub) -> str:
    """A finished run, small and trained by nobody here."""
    made = bundled_run(None)
    assert made is not None
    return str(made)


def siam(*words: str) -> Result:
    return CliRunner().invoke(app, ["runs", *words])


def test_what_was_published_is_pulled_by_its_revision(hub: Hub, digits: str, runs: Path) -> None:
    published = siam("publish", digits, REPOSITORY, "--license", "mit")
    assert published.exit_code == 0, published.stderr
    assert hub.tokens == {"Bearer hf_stand_in"} and hub.private == {REPOSITORY: True}
    assert f"{hub.address}/{REPOSITORY}" in published.stdout
    assert "Only you see it" in published.stderr
    first = hub.newest
    hub.commit({"digits.siam": b"of another day"})
    pulled = siam("pull", REPOSITORY, "--revision", first)
    assert pulled.exit_code == 0, pulled.stderr
    assert first in pulled.stderr and pulled.stdout.strip() == str(runs / "digits")
    name = "encoder.tflite"
    assert sha256(runs / "digits" / name) == sha256(Path(digits) / name)


def test_the_card_says_the_run_s_own_figures(hub: Hub, digits: str) -> None:
    done = publish_run(digits, REPOSITORY, license="apache-2.0", public=True)
    assert not done.private and done.revision == hub.newest
    files = hub.revisions[done.revision]
    _, front, body = files["README.md"].decode().split("---\n", 2)
    about = yaml.safe_load(front)
    assert (about["library_name"], about["license"]) == ("siam", "apache-2.0")
    metrics = json.loads((Path(digits) / "metrics.json").read_text())
    listed = about["model-index"][0]["results"][0]["metrics"]
    assert {one["type"]: one["value"] for one in listed}["recall@1"] == (
        metrics["retrieval"]["recall@1"]
    )
    assert f"{100 * metrics['retrieval']['recall@1']:.2f} %" in body
    address = f"{hub.address}/{REPOSITORY}/resolve/main/digits.siam"
    assert f"{address}#sha256={hashlib.sha256(files['digits.siam']).hexdigest()}" in body
    assert f"siam runs pull {REPOSITORY}" in body


def test_without_a_choice_no_license_is_named(hub: Hub, digits: str) -> None:
    publish_run(digits, REPOSITORY)
    assert b"license" not in hub.revisions[hub.newest]["README.md"].split(b"---")[1]


def test_what_is_no_run_there_leaves_nothing(hub: Hub, digits: str, runs: Path) -> None:
    publish_run(digits, REPOSITORY)
    hub.commit({"digits.siam": b"PK\x03\x04"})
    with pytest.raises(RunError, match="is no packed run that can be used"):
        pull_run(REPOSITORY)
    hub.commit({"second.siam": b"PK\x03\x04"})
    with pytest.raises(RunError, match="holds 2 packed runs"):
        pull_run(REPOSITORY)
    assert not runs.exists() or not list(runs.iterdir())


def test_a_repository_or_revision_that_is_not_there_is_said(hub: Hub, digits: str) -> None:
    assert siam("pull", "nobody/nothing").exit_code == 4
    publish_run(digits, REPOSITORY)
    with pytest.raises(RunError, match=r"me/digits: (?s:.)*hf auth login"):
        pull_run(REPOSITORY, revision="0" * 40)
    with pytest.raises(UsageError, match="OWNER/NAME"):
        pull_run("https://example.org/me/digits")


def test_a_hub_that_cannot_be_reached_is_said(hub: Hub, digits: str) -> None:
    hub.shutdown()
    hub.server_close()
    with pytest.raises(RunError, match="The hub did not do it for me/digits"):
        publish_run(digits, REPOSITORY)
