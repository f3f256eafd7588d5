"""Filters."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

__all__ = ["select"]


def select(connection: sqlite3.Connection, where: str | Sequence[str]) -> np.ndarray:
    rows = connection.execute("SELECT id FROM items ORDER BY id").fetchall()
    return np.fromiter((r[0] for r in rows), np.int64, len(rows))
