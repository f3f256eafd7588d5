"""`audit.html`: what an audit found, each picture beside those that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siam.engine.audit.findings import LOOK, Finding
from siam.evaluation.report.inline_pictures import picture_uri
from siam.evaluation.report.page import Mistake
from siam.evaluation.report.render import render
from siam.evaluation.report.tables import Table

if TYPE_CHECKING:
    from siam.engine.audit.pictures import AuditedPictures

__all__ = ["render_audit"]

# Of a section, and of the pictures beside one.
SHOWN, BESIDE = 60, 3
COPIES = ("two labels", "leak", "duplicate", "near duplicate")


@dataclass(frozen=True)
class Section:
    """Findings of one kind: a heading, what it means, the first of them, and how many more."""

    title: str
    note: str
    cards: Sequence[Mistake]
    more: str


def render_audit(
    pictures: AuditedPictures,
    findings: Sequence[Finding],
    *,
    title: str,
    verdict: str,
    way: str,
    classes: Sequence[Sequence[str]],
) -> str:
    """Return an audit as a page in one file that needs no network and no server.

    Args:
        pictures: what was audited.
        findings: in the order of their rank.
        title, verdict, way: what was audited, what was found and how, in a sentence each.
        classes: rows of class and what is odd about it.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    labels = [one for one in findings if one.problem == "wrong label"]
    likely = [one for one in labels if one.proposal != LOOK]
    sections = [
        section(
            pictures,
            "Likely wrong labels",
            "The likeliest first: the picture, then those it is nearest to.",
            likely,
        ),
        section(
            pictures,
            "Labels to look at",
            "Perhaps wrong, more likely right; no other label is proposed.",
            [one for one in labels if one.proposal == LOOK],
        ),
        section(
            pictures,
            "There more than once",
            "The copy, then the picture to keep.",
            [one for one in findings if one.problem in COPIES],
        ),
        section(
            pictures,
            "Unlike the others",
            "Far from every class, or unlike their own in size, shape, light or colour.",
            [one for one in findings if one.problem in ("outlier", "unlike its class")],
        ),
    ]
    return render(
        "audit.html",
        title=title,
        verdict=verdict,
        way=way,
        sections=sections,
        unreadable=Table(
            ["file", "why"],
            [[one.path, one.evidence] for one in findings if one.problem == "unreadable"],
        ),
        classes=Table(["class", ""], [list(row) for row in classes]),
    )


def section(
    pictures: AuditedPictures, title: str, note: str, findings: Sequence[Finding]
) -> Section:
    """Return the first of some findings, as cards."""
    row_of = {path: row for row, path in enumerate(pictures.paths)}
    cards = []
    for one in findings[:SHOWN]:
        shown = (one.path, *one.beside[:BESIDE])
        title_line = f"{one.label}: {one.proposal}" if one.proposal != LOOK else one.label
        cards.append(
            Mistake(
                [picture_uri(pictures.pictures[row_of[path]]) for path in shown],
                title_line,
                one.evidence,
                shown,
            )
        )
    more = f"And {len(findings) - SHOWN:,} more; the table of proposals has all."
    return Section(title, note, cards, more if len(findings) > SHOWN else "")
