"""One search of a Milvus collection, and how hard one must look for the recall that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from siam.array_types import Integers, Vectors
from siam.index.matches import NEIGHBOURS, Matches, others, recall, sampling_error
from siam.index.ranking import rank
from siam.index.stores.milvus_kinds import efforts, limit_for, search_settings
from siam.index.stores.milvus_rows import EXACT, Facts, stack_rows

__all__ = ["Probe", "choose_effort", "search"]

QUERIES = 1024  # in one call
RECALL = 0.99  # that searches of an approximate kind shall reach, as in the run's own index
# Queries, float32 (n, dim), and their `NEIGHBOURS` + 1 nearest, exactly: indexed vectors, each of
# which is its own nearest.
Probe = Callable[[], tuple[Vectors, Matches]]


def search(
    ask: Callable[..., Any],
    vectors: Vectors,
    limit: int,
    *,
    expression: str = "",
    effort: dict[str, int] | None = None,
    held: dict[int, Vectors] | None = None,
) -> Integers:
    """Return what a collection proposes for each query: int64 (n, m), -1 for none.

    Args:
        ask: calls `search` of the collection.
        vectors: float32 (n, dim), n 1 or more.
        limit: candidates wanted for each.
        expression: propose among the rows that pass it alone.
        effort: one of its kind's `efforts`.
        held: is given the vectors of what is proposed, by id.
    """
    found: list[list[int]] = []
    settings = {"search_params": {"params": search_settings(effort, limit)}} if effort else {}
    for start in range(0, len(vectors), QUERIES):
        answers = ask(
            data=list(vectors[start : start + QUERIES]),
            limit=limit,
            filter=expression,
            output_fields=["id"] if held is None else ["vector"],
            consistency_level="Strong",
            **settings,
        )
        found += [[hit["id"] for hit in hits] for hits in answers]
        for hit in (hit for hits in answers for hit in hits if held is not None):
            if held is not None and hit["id"] not in held:
                held[hit["id"]] = np.array(hit["entity"]["vector"], np.float32)
    width = max(map(len, found))
    padded = [row + [-1] * (width - len(row)) for row in found]
    return np.array(padded, np.int64).reshape(len(vectors), width)


def choose_effort(ask: Callable[..., Any], facts: Facts, probe: Probe | None) -> Facts:
    """Return what a collection says of itself, with the least effort that finds 99 %.

    Args:
        ask: calls `search` of the collection, which is full.
        facts: what it says until then.
        probe: what to measure with; without it the effort is one that is usual.
    """
    steps = efforts(facts.kind, facts.built)
    if facts.kind == EXACT:
        return facts
    queries, truth = probe() if probe else (np.empty((0, 0), np.float32), None)
    if truth is None or not len(queries):
        return msgspec.structs.replace(facts, effort=steps[len(steps) // 2], recall=0.0)
    wanted = others(truth)
    for effort in steps:
        found = _find(ask, queries, facts.kind, effort)
        reached = recall(found, wanted)
        if reached >= RECALL:
            break
    error = sampling_error(found, wanted)
    return msgspec.structs.replace(facts, effort=effort, recall=reached, recall_error=error)


def _find(ask: Callable[..., Any], queries: Vectors, kind: str, effort: dict[str, int]) -> Matches:
    held: dict[int, Vectors] = {}
    limit = limit_for(kind, NEIGHBOURS + 1)
    proposed = search(ask, queries, limit, effort=effort, held=held)
    lot = (proposed, lambda ids: stack_rows(held, ids, queries.shape[1]))
    return others(rank(queries, [lot], NEIGHBOURS + 1))
