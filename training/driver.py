"""What the NVIDIA driver knows of this machine, whatever a backend makes of it."""

from __future__ import annotations

import subprocess

__all__ = ["card_memory", "driver_gpus"]


def driver_gpus() -> list[str]:
    """The names of the GPUs that the driver knows; none without a driver."""
    return _query_driver("name")


def card_memory() -> int:
    """Bytes of memory of the smallest GPU of this machine; 0 where the driver tells of none."""
    # In MiB, or a word such as [N/A] where a card shares the machine's memory.
    known = [
        int(mebibytes) << 20 for mebibytes in _query_driver("memory.total") if mebibytes.isdigit()
    ]
    return min(known, default=0)


def _query_driver(what: str) -> list[str]:
    """One line for each card."""
    try:
        asked = subprocess.run(
            ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return (
        [line.strip() for line in asked.stdout.splitlines() if line] if not asked.returncode else []
    )
