"""One answer of several nodes: for what must not rest on a single node's word."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from app.chain.rpc import AsyncChain
from app.errors import ChainUnavailable

T = TypeVar("T")


async def agreed(chain: AsyncChain, quorum: int, read: Callable[[Any], T], method: str, *params: Any) -> T:
    """What at least `quorum` of the chain's nodes say alike, of what `read` makes of their answers: nodes differ in
    what they tell beside. An answer that cannot be read is no voice. Raises ChainUnavailable."""
    said: Counter[T] = Counter()
    for answer in await chain.answers(method, *params):
        try:
            said[read(answer)] += 1
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    best = said.most_common(1)
    if not best or best[0][1] < quorum:
        voices = best[0][1] if best else 0
        raise ChainUnavailable(method=method, reason=f"{voices} nodes say the same, of {quorum} that must")
    return best[0][0]
