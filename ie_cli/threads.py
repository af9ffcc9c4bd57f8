"""Thread count and wait policy, set on purpose before torch is loaded.

OpenMP threads that spin while they wait for a busy core made a small encoder 40 times slower than
one thread; asleep they cost nothing.
"""

from __future__ import annotations

import os
import sys


def limit(count: int | None) -> None:
    """Let torch use `count` threads; None keeps OMP_NUM_THREADS or takes all cores of this process.

    Must run before torch is imported; afterwards only the count can change.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if count is not None:
        os.environ["OMP_NUM_THREADS"] = str(count)
    else:
        os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
