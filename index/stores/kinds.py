"""Index kinds: short names for FAISS factory strings, and the choice that `auto` makes."""

from __future__ import annotations

import re

from siam.errors import UsageError
from siam.faiss_library import load_faiss
from siam.index.stores.budget import Budget

__all__ = ["KINDS", "check_kind", "choose", "factory", "is_bounded", "lists", "memory"]

KINDS = ("auto", "flat", "hnsw", "ivf", "ivfpq", "sq8")
MOST_CODES = 65_536  # in a factory string
MOST_LISTS = 8_192  # learning twice as many takes four times as long
LINKS = 32  # neighbours per node of an HNSW graph
# One core compares about this many numbers a second in an exact search that fits no cache.
FLAT_SPEED = 7e9
# Above this many numbers (300,000 vectors of 64) an exact query takes more than 3 ms, and inverted
# lists answer thirty times as many for a build of seconds.
FLAT_LIMIT = 20_000_000


def check_kind(kind: str, dim: int) -> None:
    """Refuse a kind that FAISS cannot make for vectors of length `dim`.

    Raises:
        UsageError: with FAISS's own words.
    """
    if kind in KINDS:
        return
    faiss = load_faiss()

    try:
        if not is_bounded(kind):
            raise RuntimeError(f"Error: its numbers are {MOST_CODES} at most")
        faiss.index_factory(dim, kind, faiss.METRIC_L2)
    except RuntimeError as error:
        reason = str(error).rsplit("Error:", 1)[-1].strip()
        raise UsageError(
            f"{kind!r} is no index kind for {dim} dimensions ({reason}).",
            f"Use one of {', '.join(KINDS)}, or a FAISS factory string such as HNSW32,Flat.",
        ) from error


def is_bounded(kind: str) -> bool:
    """Tell whether FAISS may be asked for a kind: it takes the memory for its numbers at once."""
    return len(kind) <= 100 and all(int(n) <= MOST_CODES for n in re.findall(r"\d+", kind))


def lists(count: int) -> int:
    """Return how many inverted lists suit `count` vectors: a power of two near 4 times its root.

    FAISS wants 39 or more training vectors per list.
    """
    power = 1
    while power * 2 <= min(6 * count**0.5, count / 39, MOST_LISTS):
        power *= 2
    return power


def factory(kind: str, *, count: int, dim: int) -> str:
    """Return the FAISS factory string for `kind`, which may be one already; "" means flat.

    Args:
        kind: one of `KINDS` but "auto", or any FAISS factory string.
        count: vectors to hold. Below 40 per list an IVF kind would have nothing to learn from,
            and the index is flat until there are more.
        dim: length of a vector.
    """
    if kind.lower() in ("flat", "idmap,flat"):
        return ""
    if kind == "hnsw":
        return f"HNSW{LINKS},Flat"
    if kind == "sq8":
        return "SQ8"
    if kind in ("ivf", "ivfpq"):
        if count < 1_000:
            return ""
        codes = next(m for m in (dim // 4, dim // 2, dim, 1) if m and dim % m == 0)
        inside = "Flat" if kind == "ivf" else f"PQ{codes}"
        return f"IVF{lists(count)},{inside}"
    return kind


def memory(kind: str, *, count: int, dim: int) -> int:
    """Return about how many bytes searching `kind` keeps in memory.

    The exact vectors are a mapped file; approximate kinds touch only their candidates there.
    """
    each = {
        "flat": 4 * dim,
        "hnsw": 4 * dim + 8 * LINKS + 8,
        "ivf": 4 * dim + 8,
        "ivfpq": dim // 4 + 8,
        "sq8": dim,
    }
    return count * each[kind]


def choose(budget: Budget, *, count: int, dim: int) -> str:
    """Return the kind that `auto` means for this size and budget.

    Exact while that is fast enough; then inverted lists, which build in seconds; then their
    compressed form where memory is short.

    Raises:
        UsageError: no kind fits into the memory.
    """
    fast = (
        count * dim <= FLAT_LIMIT
        if budget.max_latency is None
        else count * dim / FLAT_SPEED <= budget.max_latency
    )
    order = ("flat", "ivf", "hnsw", "ivfpq") if fast else ("ivf", "ivfpq")
    for kind in order:
        if budget.max_memory is None or memory(kind, count=count, dim=dim) <= budget.max_memory:
            return kind
    least = memory("ivfpq", count=count, dim=dim)
    raise UsageError(
        f"No index kind holds {count:,} vectors of {dim} dimensions in "
        f"{budget.max_memory:,.0f} bytes.",
        f"Give it {least:,} bytes or more (--max-memory), or index fewer pictures.",
    )
