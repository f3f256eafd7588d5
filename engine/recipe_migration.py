"""Recipes of earlier releases: values that have another name now, and values that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siam.errors import RunError

__all__ = ["RENAMED", "RETIRED", "migrate_recipe"]

# By the name that earlier releases wrote, "augment.rotation" for a nested one: the name of today.
RENAMED: dict[str, str] = {}
# By the name that earlier releases wrote: the value that stood for "off".
RETIRED: dict[str, object] = {"average": 0.0, "head_weight": 0.0}


def migrate_recipe(values: Mapping[str, Any], *, run: str) -> dict[str, Any]:
    """Return the values of a saved recipe under the names of today.

    Args:
        values: by name, "augment.rotation" for a nested one.
        run: name of the run that they are of.

    Raises:
        RunError: the run makes use of a value that is gone, so nothing can go on with it.

    Example:
        >>> migrate_recipe({"dim": 64, "average": 0.0}, run="digits-1")
        {'dim': 64}
    """
    for name, off in RETIRED.items():
        if values.get(name, off) != off:
            raise RunError(
                f"The run '{run}' was begun with {name}={values[name]}, which siam has no longer.",
                f"Train it anew without, and remove this:  siam runs rm {run}",
            )
    return {RENAMED.get(name, name): value for name, value in values.items() if name not in RETIRED}
