"""Index kinds of Milvus: what each is built with, and how hard a search of it may look."""

from __future__ import annotations

from siam.errors import UsageError
from siam.index.stores.kinds import lists

__all__ = [
    "KINDS",
    "USUAL",
    "build_settings",
    "check_kind",
    "efforts",
    "limit_for",
    "search_settings",
]

# Every vector compared; a graph; inverted lists, plain, in 8 bits or in codes; a graph on disk.
# milvus-lite knows the usual ones.
USUAL = ("FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8")
KINDS = (*USUAL, "IVF_PQ", "DISKANN")
TIES = 4  # candidates beyond the k-th, so that rounding decides nothing
# Candidates for each neighbour, for exact distances to rank, where a kind compares rounded vectors.
CANDIDATES = {"IVF_SQ8": 2, "IVF_PQ": 8}
MOST = 16_384  # results that Milvus gives for a query


def check_kind(text: str) -> str:
    """Return the kind of this name, in capitals or not.

    Raises:
        UsageError: there is none.

    Example:
        >>> check_kind("hnsw")
        'HNSW'
    """
    kind = text.upper()
    if kind not in KINDS:
        raise UsageError(f"A store has no index kind '{text}'.", f"Use one of {', '.join(KINDS)}.")
    return kind


def build_settings(kind: str, *, count: int, dim: int) -> dict[str, int]:
    """Return what Milvus builds an index of a kind with.

    Args:
        kind: one of `KINDS`.
        count: vectors that it will hold, roughly.
        dim: length of a vector.
    """
    if kind == "HNSW":
        return {"M": 32, "efConstruction": 200}
    if not kind.startswith("IVF"):
        return {}
    settings = {"nlist": lists(count)}
    if kind == "IVF_PQ":  # codes of a byte for about four numbers each
        parts = next(m for m in range(max(1, dim // 4), 0, -1) if dim % m == 0)
        settings |= {"m": parts, "nbits": 8}
    return settings


def efforts(kind: str, built: dict[str, int]) -> list[dict[str, int]]:
    """Return the settings of a search, the quickest first, the hardest last.

    Args:
        kind: one of `KINDS`.
        built: what `build_settings` gave.

    Example:
        >>> efforts("IVF_FLAT", {"nlist": 20})
        [{'nprobe': 4}, {'nprobe': 8}, {'nprobe': 16}, {'nprobe': 20}]
    """
    if kind == "FLAT":
        return [{}]
    if kind.startswith("IVF"):
        steps = [1 << power for power in range(2, 16) if 1 << power < built["nlist"]]
        return [{"nprobe": step} for step in [*steps, built["nlist"]]]
    name = "ef" if kind == "HNSW" else "search_list"
    return [{name: 1 << power} for power in range(6, 14)]


def limit_for(kind: str, k: int) -> int:
    """Return how many candidates to ask for, so that the `k` nearest are among them.

    Raises:
        UsageError: more neighbours than Milvus gives.
    """
    if k + TIES > MOST:
        raise UsageError(f"A store gives {MOST - TIES:,} neighbours at most, received {k:,}.")
    return min(CANDIDATES.get(kind, 1) * k + TIES, MOST)


def search_settings(effort: dict[str, int], limit: int) -> dict[str, int]:
    """Return an effort as Milvus takes it: a graph's must not be less than the results wanted."""
    return {
        name: value if name == "nprobe" else max(value, limit) for name, value in effort.items()
    }
