"""What a process of the indexer does before it begins. What is generated and frozen first, its helpers share."""

import gc

from indexer import lanes, prepared, work


def launch() -> list[int]:
    """The helpers' process ids. Call it while the process has one thread."""
    prepared.warm()
    gc.collect()
    work.tune()
    return lanes.fork()
