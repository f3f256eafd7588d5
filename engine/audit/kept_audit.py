"""The newest audit of a run's data set, kept beside the run for whoever asks later."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from siam.atomic import write_json
from siam.errors import RunError
from siam.run_files import AUDIT_FILE
from siam.runs.pack import is_cached
from siam.untrusted import read_json

if TYPE_CHECKING:
    from siam.engine.audit.pictures import AuditedPictures
    from siam.index.reader import Reader

__all__ = ["keep_audit", "load_audit"]

# Findings that are kept, the weightiest first, and bytes that the file may have.
MOST, MOST_BYTES = 5_000, 1 << 25


class KeptFinding(msgspec.Struct):
    """As `Finding`, and what an index calls its pictures."""

    path: str
    label: str
    problem: str
    evidence: str
    proposal: str
    probability: float | None = None
    beside: list[str] = []
    key: str = ""
    beside_keys: list[str] = []


class KeptAudit(msgspec.Struct):
    """What the file holds."""

    created: str
    dataset: str
    way: str
    count: int
    wrong_share: float
    counts: dict[str, int]
    findings: list[KeptFinding]
    run: str | None = None


def keep_audit(run: Path, pictures: AuditedPictures, told: Mapping[str, Any]) -> None:
    """Keep an audit with a run, in place of an earlier one; where nothing can be written, not.

    Args:
        run: its folder.
        pictures: that were audited, those it was trained on.
        told: `Audit.to_dict()`.
    """
    if is_cached(run):
        return
    keys = dict(zip(pictures.paths, pictures.keys, strict=True))
    findings = [
        {
            **one,
            "key": keys.get(one["path"], ""),
            "beside_keys": [keys.get(path, "") for path in one["beside"]],
        }
        for one in told["findings"][:MOST]
    ]
    kept = msgspec.convert(
        {**told, "created": datetime.now(UTC).isoformat(timespec="seconds"), "findings": findings},
        KeptAudit,
    )
    with contextlib.suppress(OSError):
        write_json(run / AUDIT_FILE, {"schema": 1, **msgspec.to_builtins(kept)})


def load_audit(run: Path, index: Reader) -> dict[str, Any] | None:
    """Return the audit that is kept with a run, as `siam audit --json`; None where there is none.

    Each finding has the "id" of its picture in the index and the "beside_ids" of those that say
    so, None where the index does not hold them.

    Args:
        run: its folder.
        index: the run's.

    Raises:
        RunError: the file is damaged.
    """
    try:
        kept = read_json(run / AUDIT_FILE, KeptAudit, most=MOST_BYTES)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError(
            f"{run / AUDIT_FILE} cannot be read ({error}).",
            f"Make it anew:  siam audit --run {run.name}",
        ) from error
    keys = {key for one in kept.findings for key in (one.key, *one.beside_keys) if key}
    ids = index.ids_of(sorted(keys))
    told: dict[str, Any] = msgspec.to_builtins(kept)
    for one in told["findings"]:
        one["id"] = ids.get(one.pop("key"))
        one["beside_ids"] = [ids.get(key) for key in one.pop("beside_keys")]
    return told
