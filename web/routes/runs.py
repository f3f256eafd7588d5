"""The runs that can be asked, and what is known of each."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from siam.engine.answers.run_description import describe_run, list_entries
from siam.engine.audit.kept_audit import load_audit
from siam.run_files import REPORT_FILE
from siam.untrusted import read_bounded
from siam.web.answers import json_response
from siam.web.api_error import ApiError, hide_paths
from siam.web.middleware.headers import REPORT_POLICY
from siam.web.service import Serving

__all__ = ["router"]

router = APIRouter(prefix="/runs", tags=["runs"])
MOST_REPORT = 1 << 26  # bytes
SCRIPT = re.compile(rb"<script\b.*?(?:</script\s*>|\Z)", re.DOTALL | re.IGNORECASE)


@router.get("")
def runs(service: Serving) -> Response:
    """List the runs that can be asked, the one that is served first."""
    first = service.runs.default_entry()
    entries = [first, *(one for one in list_entries() if one.name != first.name)]
    told = [entry.to_dict() for entry in entries]
    return json_response({"run": first.name, "writable": service.settings.writable, "runs": told})


@router.get("/{name}")
def show_run(service: Serving, name: str) -> Response:
    """Show a run's figures, labels and operating points."""
    with service.runs.use(name) as opened:
        return json_response(describe_run(opened).to_dict())


@router.get("/{name}/audit")
def audit(service: Serving, name: str) -> Response:
    """Show what the newest audit of the run's data set found."""
    with service.runs.use(name) as opened:
        kept = load_audit(opened.path, opened.gallery)
    if kept is None:
        raise ApiError(
            404, "no_audit", "The run keeps no audit.", f"Make one:  siam audit --run {name}"
        )
    kept["dataset"] = hide_paths(kept["dataset"])
    for one in kept["findings"]:
        one["evidence"] = hide_paths(one["evidence"])
    return json_response(kept)


@router.get("/{name}/report", response_class=HTMLResponse)
def report(service: Serving, name: str) -> Response:
    """Show a run's report, which runs nothing and loads nothing."""
    try:
        page = read_bounded(service.runs.folder_of(name) / REPORT_FILE, MOST_REPORT)
    except (OSError, ValueError):
        raise ApiError(
            404, "no_report", "The run has no report.", f"Write it:  siam report --run {name}"
        ) from None
    headers = {"content-security-policy": REPORT_POLICY, "cache-control": "no-store"}
    # The policy lets none run; left in, each would be an error in the browser's console.
    page = SCRIPT.sub(b"", page)
    return Response(page, headers=headers, media_type="text/html; charset=utf-8")
