"""`audit.html`: what an audit found, each picture beside those that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siam.array_types import Pictures
from siam.engine.audit.findings import LOOK, Finding
from siam.evaluation.report.inline_pictures import picture_uri
from siam.evaluation.report.page import Mistake
from siam.evaluation.report.render import render
from siam.evaluation.report.tables import Table

if TYPE_CHECKING:
    from siam.engine.audit.audit import Audit

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


def render_audit(audit: Audit) -> str:
    """Return an audit as a page in one file that needs no network and no server.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    findings = audit.findings
    labels = [one for one in findings if one.problem == "wrong label"]
    likely = [one for one in labels if one.proposal != LOOK]
    sections = [
        section(
            audit,
            "Likely wrong labels",
            "The likeliest first: the picture, then those it is nearest to.",
            likely,
        ),
        section(
            audit,
            "Labels to look at",
            "Perhaps wrong, more likely right; no other label is proposed.",
            [one for one in labels if one.proposal == LOOK],
        ),
        section(
            audit,
            "There more than once",
            "The copy, then the picture to keep.",
            [one for one in findings if one.problem in COPIES],
        ),
        section(
            audit,
            "Unlike the others",
            "Far from every class, or unlike their own in size, shape, light or colour.",
            [one for one in findings if one.problem in ("outlier", "unlike its class")],
        ),
    ]
    counts = [f"{number:,} {word}" for word, number in audit.counts.items()]
    overlaps = [
        [" and ".join(one.classes), f"{one.pictures:,} taken for the other ({one.share:.1%})"]
        for one in audit.overlaps
    ]
    small = [[name, f"{number} pictures alone"] for name, number in audit.small_classes.items()]
    return render(
        "audit.html",
        title=f"siam audit: {audit.dataset}",
        verdict=(
            f"{len(audit.pictures):,} pictures of {len(audit.classes):,} classes: "
            f"{', '.join(counts) or 'nothing odd'}. About {audit.labels.wrong_share:.2%} of the "
            "labels are wrong."
        ),
        way=audit.way,
        sections=sections,
        unreadable=Table(
            ["file", "why"],
            [[one.path, one.evidence] for one in findings if one.problem == "unreadable"],
        ),
        classes=Table(["class", ""], [*overlaps, *small]),
    )


def section(audit: Audit, title: str, note: str, findings: Sequence[Finding]) -> Section:
    """Return the first of some findings, as cards."""
    row_of = {path: row for row, path in enumerate(audit.pictures.paths)}

    def picture(path: str) -> Pictures:
        pixels: Pictures = audit.pictures.pictures[row_of[path]]
        return pixels

    cards = []
    for one in findings[:SHOWN]:
        shown = (one.path, *one.beside[:BESIDE])
        title_line = f"{one.label}: {one.proposal}" if one.proposal != LOOK else one.label
        cards.append(
            Mistake(
                [picture_uri(picture(path)) for path in shown],
                title_line,
                one.evidence,
                shown,
            )
        )
    more = f"And {len(findings) - SHOWN:,} more; the table of proposals has all."
    return Section(title, note, cards, more if len(findings) > SHOWN else "")
