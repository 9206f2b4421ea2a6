"""How long to wait before the next try."""

import asyncio
from dataclasses import dataclass, field


@dataclass
class Delay:
    """Seconds: doubled from `least` up to `most` with each wait, until `reset`."""

    least: float
    most: float
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.seconds = self.least

    async def wait(self, at_least: float = 0.0) -> None:
        waited, self.seconds = self.seconds, min(self.seconds * 2, self.most)
        await asyncio.sleep(max(waited, at_least))
