"""Measuring a process: what it does apart from others, and the memory it takes (MiB)."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
PER_MIB = MIB if sys.platform == "darwin" else 1024
"""Linux tells the peak in KiB, macOS in bytes."""


def apart(function: Callable[..., Any], *given: Any) -> Any:
    """What a function comes to in a process of its own, which starts with the same memory each time."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, given)


def resident() -> int:
    """What this process occupies now; where the system does not say, the most that it ever did."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text().split()[1]) * resource.getpagesize() // MIB
    return peak()


def peak() -> int:
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // PER_MIB
