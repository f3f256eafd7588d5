"""What a search may cost: the budgets that index kinds are chosen by."""

from __future__ import annotations

import json
import re
from typing import Annotated

import msgspec
from msgspec import Meta

from siam.errors import UsageError

__all__ = ["Budget", "parse_latency", "parse_memory"]

BYTES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
Above0 = Annotated[float, Meta(gt=0)]


class Budget(msgspec.Struct, frozen=True):
    """What a search may cost, and how much of the exact answer it must find.

    Attributes:
        max_memory: bytes that the index may keep in memory, or None.
        max_latency: seconds for one query, or None.
        min_recall: the share of the exact 10 nearest that must be found, 0 to 1.
    """

    max_memory: Above0 | None = None
    max_latency: Above0 | None = None
    min_recall: Annotated[float, Meta(ge=0, le=1)] = 0.99

    def settings(self) -> dict[str, str]:
        """Return the budget as the catalogue keeps it."""
        return {
            f"budget.{name}": json.dumps(value)
            for name, value in msgspec.structs.asdict(self).items()
        }

    @classmethod
    def read(cls, settings: dict[str, str]) -> Budget:
        """Return the budget among the catalogue's settings, defaults where there is none.

        Raises:
            ValueError: a setting is none that `settings` gives.
        """
        values = {
            name.removeprefix("budget."): msgspec.json.decode(value, type=float | None)
            for name, value in settings.items()
            if name.startswith("budget.")
        }
        return msgspec.convert(values, cls)


def parse_memory(text: str) -> float:
    """Return the bytes that a text such as "2G", "500M" or "800000" stands for.

    Raises:
        UsageError: anything else.

    Example:
        >>> parse_memory("1.5K")
        1536.0
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if match is None or float(match[1]) == 0:
        raise UsageError(f"Memory is given like 2G or 500M, received '{text}'.")
    return float(match[1]) * BYTES[match[2].upper()]


def parse_latency(text: str) -> float:
    """Return the seconds that a text such as "5ms", "200us" or "0.1s" stands for.

    Raises:
        UsageError: anything else.

    Example:
        >>> parse_latency("5ms")
        0.005
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(us|ms|s)", text.strip())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"A time is given with its unit, like 5ms or 0.1s, received '{text}'.")
    return float(match[1]) * SECONDS[match[2]]
