"""How many blocks to ask for at once, learnt from what the node refuses."""

from dataclasses import dataclass

MAX_BLOCKS = 200


@dataclass
class Stride:
    """The size of the next range, within 1..most: halved when refused, and grown by an eighth when served, so that
    a provider's limit is met again only now and then."""

    most: int = MAX_BLOCKS
    blocks: int = MAX_BLOCKS

    def served(self) -> None:
        self.blocks = min(self.most, self.blocks + max(1, self.blocks // 8))

    def refused(self) -> bool:
        """Shrinks, and tells whether a smaller range is left to try."""
        shrunk = self.blocks > 1
        self.blocks = max(1, self.blocks // 2)
        return shrunk
