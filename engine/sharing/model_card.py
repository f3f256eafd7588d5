"""The card of a run on a hub: what it is, how well it did, and how it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from siam.evaluation.report.tables import Table, figures_table
from siam.printable import printable
from siam.runs.config import RunConfig

__all__ = ["write_card"]

TAGS = ("siamese-network", "similarity-search", "image-retrieval", "metric-learning")
# Of metrics.json, with the names that hubs list figures by.
FIGURES = (
    ("retrieval", "recall@1", "Recall@1"),
    ("retrieval", "map@r", "MAP@R"),
    ("pairs", "accuracy", "Pair accuracy"),
    ("all_pairs", "auc", "ROC AUC"),
)
CLASSES_NAMED = 50


def write_card(
    name: str,
    config: RunConfig,
    metrics: dict[str, Any],
    *,
    repository: str,
    address: str,
    license: str | None,
) -> str:
    """Return a run's card: Markdown, with what a hub lists it by in front.

    Args:
        name: the run's.
        config: its configuration.
        metrics: its `metrics.json`.
        repository: where it is put, such as "me/digits".
        address: of the packed run there, with its SHA-256, as `--run` takes it.
        license: an SPDX or hub name of one, such as "mit"; None where nobody chose any.
    """
    front: dict[str, Any] = {
        "library_name": "siam",
        **({"license": license} if license else {}),
        "pipeline_tag": "image-feature-extraction",
        "tags": list(TAGS),
        "metrics": ["recall", "accuracy", "roc_auc"],
        "model-index": [
            {
                "name": name,
                "results": [
                    {
                        "task": {"type": "image-feature-extraction", "name": "Image retrieval"},
                        "dataset": {"type": "images", "name": config.name, "split": "test"},
                        "metrics": list_figures(metrics),
                    }
                ],
            }
        ],
    }
    # What stands in JSON stands in YAML; and names from files cannot end the front matter.
    lines = [f"{key}: {json.dumps(value)}" for key, value in front.items()]
    classes = [code(one) for one in config.classes[:CLASSES_NAMED]]
    if len(config.classes) > CLASSES_NAMED:
        classes.append(f"and {len(config.classes) - CLASSES_NAMED:,} more")
    shape = " x ".join(map(str, (*config.preparation.size, config.preparation.channels)))
    return "\n".join(
        [
            *("---", *lines, "---", ""),
            *(f"# {plain(name)}", ""),
            "A run of siam: a Siamese network that says of a picture what it is nearest to, "
            f"whether that is a match, and how sure it is. {plain(metrics['verdict'])}",
            *("", "## Ask it", ""),
            "    pip install 'siam[hub]'",
            f"    siam runs pull {repository}",
            f"    siam query PICTURE --run {name}",
            *("", "or without the hub's library, checked by its SHA-256:", ""),
            f"    siam query PICTURE --run {address}",
            *("", "## What it knows", ""),
            f"- Trained on {plain(config.name)}, {len(config.classes):,} classes: "
            f"{', '.join(classes)}.",
            f"- Pictures go through the chain `{config.preparation.chain}` to {shape} values.",
            "- Distances are Euclidean, of embeddings of unit length: 0 to 2, smaller = closer. "
            f"Same is: {metrics['operating_point']['words']}.",
            *("", "## Figures", ""),
            f"Of {metrics['retrieval']['queries']:,} test pictures, which were seen neither in "
            "training nor in choosing thresholds, scored once:",
            *("", markdown_table(figures_table(metrics, whole=False)), ""),
        ]
    )


def list_figures(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that were measured, as hubs list them; 0 to 1."""
    return [
        {"type": name, "name": words, "value": metrics[block][name]}
        for block, name, words in FIGURES
        if metrics[block].get(name) is not None
    ]


def markdown_table(table: Table) -> str:
    """Return a table in Markdown."""
    rows = [[plain(str(getattr(cell, "text", cell))) for cell in row] for row in table.rows]
    lines = [list(table.head), ["---"] * len(table.head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(text: str) -> str:
    """Return a text that came from files so that Markdown and HTML leave it as it is."""
    escaped = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{letter}" if letter in "\\`*_[]|#" else letter for letter in escaped)


def code(text: str) -> str:
    """Return a name as code, whatever letters it has."""
    return f"`{printable(text).replace('`', chr(39))}`"
