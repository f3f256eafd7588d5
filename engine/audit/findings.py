"""What an audit finds, a line each, and what it proposes to do about it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siam.atomic import write_text
from siam.datasets.tables import text_rows
from siam.engine.answers.result_files import as_text
from siam.errors import DataError

__all__ = ["DOUBTFUL", "LEAVE_OUT", "LOOK", "Finding", "label_as", "read_fixes", "write_fixes"]

# What is proposed: nothing but to look at it, not to copy it, or another label.
LOOK, LEAVE_OUT, LABEL_AS = "look", "leave out", "label as "
# Probability of a wrong label below which one is only ranked, so that the first can be looked at.
DOUBTFUL = 0.02
COLUMNS = ("path", "problem", "evidence", "proposal")


@dataclass(frozen=True)
class Finding:
    """What is odd about one picture.

    Attributes:
        path: of the picture, below the data set's folder.
        label: as it was given; "" where it could not be read.
        problem: "wrong label", "duplicate", "near duplicate", "two labels", "leak", "unreadable",
            "outlier" or "unlike its class".
        evidence: in a sentence.
        proposal: "look", "leave out", or "label as " and a class.
        probability: that the label is wrong, 0 to 1; None for another problem.
        beside: paths of the pictures that say so, the most telling first.
    """

    path: str
    label: str
    problem: str
    evidence: str
    proposal: str
    probability: float | None = None
    beside: tuple[str, ...] = ()

    @property
    def only_ranked(self) -> bool:
        """True for a label that is likely right, and only stands high among those that are."""
        return self.probability is not None and self.probability < DOUBTFUL

    def to_dict(self) -> dict[str, Any]:
        """Return it as `siam audit --json` documents it."""
        return {
            "path": self.path,
            "label": self.label,
            "problem": self.problem,
            "evidence": self.evidence,
            "proposal": self.proposal,
            "probability": self.probability,
            "beside": list(self.beside),
        }


def label_as(label: str) -> str:
    """Return the proposal of another label."""
    return f"{LABEL_AS}{label}"


def write_fixes(table: Path, findings: Iterable[Finding]) -> None:
    """Write a CSV of path, problem, evidence and proposal, a row for each finding.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in findings:
        writer.writerow(
            [as_text(cell) for cell in (one.path, one.problem, one.evidence, one.proposal)]
        )
    write_text(table, text.getvalue())


def read_fixes(table: Path) -> dict[str, str | None]:
    """Read what is to be done with which picture.

    Args:
        table: as `write_fixes` wrote it, perhaps with rows taken out or proposals changed.

    Returns:
        path -> the new label, or None to leave it out; rows that say "look" are passed over.

    Raises:
        DataError: it is no such table, or proposes something else.

    Example:
        >>> import tempfile
        >>> table = Path(tempfile.mkdtemp()) / "fixes.csv"
        >>> write_fixes(table, [Finding("7/a.png", "7", "wrong label", "looks so", "label as 1")])
        >>> read_fixes(table)
        {'7/a.png': '1'}
    """
    if not table.is_file():
        raise DataError(f"{table}: no such table.", "Name the file that --csv wrote.")
    rows = text_rows(table)
    names = [name.strip().lower() for name in next(rows, [])]
    if not {"path", "proposal"} <= set(names):
        raise DataError(
            f"{table} has no columns path and proposal.", "Name the file that --csv wrote."
        )
    at_path, at_proposal = names.index("path"), names.index("proposal")
    fixes: dict[str, str | None] = {}
    for number, row in enumerate(rows, start=2):
        if len(row) <= max(at_path, at_proposal):
            raise DataError(f"Line {number} of {table} is cut short.", "Mend or remove it.")
        path, proposal = (as_written(row[at]) for at in (at_path, at_proposal))
        label = proposal.removeprefix(LABEL_AS).strip()
        if proposal == LEAVE_OUT:
            fixes[path] = None
        elif proposal.startswith(LABEL_AS) and label:
            fixes.setdefault(path, label)  # what is left out needs no label
        elif proposal != LOOK:
            raise DataError(
                f"Line {number} of {table} proposes {proposal[:80]!r}.",
                f"Write {LOOK!r}, {LEAVE_OUT!r}, or {LABEL_AS!r} and a class.",
            )
    return fixes


def as_written(cell: str) -> str:
    """Undo `as_text`."""
    bare = cell.removeprefix("'")
    return bare if as_text(bare) == cell else cell
