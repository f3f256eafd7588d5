"""Write answers to a file: JSON lines, one per picture, or CSV, one row per neighbour."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from siam.atomic import write_text
from siam.engine.answers.answer import Answer, Result
from siam.errors import UsageError

__all__ = ["write_answers"]

COLUMNS = (
    *("input", "verdict", "label", "probability"),
    *("rank", "neighbour_id", "neighbour_label", "distance", "key", "error"),
)
# What a formula begins with in one spreadsheet or another (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_answers(path: Path, answers: Sequence[Result]) -> None:
    """Write answers in the format that the file's name ends in: .jsonl or .csv.

    Raises:
        UsageError: another ending.
    """
    if path.suffix.lower() == ".jsonl":
        lines = (json.dumps(answer.to_dict(), ensure_ascii=False) + "\n" for answer in answers)
        write_text(path, "".join(lines))
    elif path.suffix.lower() == ".csv":
        write_text(path, as_csv(answers))
    else:
        raise UsageError(f"Answers are written to a .jsonl or .csv file, received {path}.")


def as_csv(answers: Sequence[Result]) -> str:
    """Return one row per neighbour; an answer without neighbours has one row of its own.

    A name or label that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for answer in answers:
        if not isinstance(answer, Answer):
            writer.writerow({name: as_text(value) for name, value in answer.to_dict().items()})
            continue
        own = {
            "input": as_text(answer.input),
            "verdict": answer.verdict,
            "label": as_text(answer.label or ""),
            "probability": f"{answer.probability:.6f}",
        }
        rows = [
            {
                "rank": str(rank),
                "neighbour_id": str(near.id),
                "neighbour_label": as_text(near.label or ""),
                "distance": f"{near.distance:.6f}",
                "key": as_text(near.key),
            }
            for rank, near in enumerate(answer.neighbours, start=1)
        ]
        for row in rows or [{}]:
            writer.writerow(own | row)
    return text.getvalue()


def as_text(cell: str) -> str:
    """Return a cell that every spreadsheet shows as it stands.

    Example:
        >>> as_text("=1+1"), as_text("cat")
        ("'=1+1", 'cat')
    """
    return f"'{cell}" if cell.startswith(FORMULA) else cell
