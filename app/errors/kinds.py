"""The tree's root and its second level, which HTTP statuses are made from."""

from collections.abc import Mapping
from typing import ClassVar


class GuildhallError(Exception):
    """Root. `text` is a format string over the facts."""

    text: ClassVar[str] = "Something is not as it should be."

    def __init__(self, **facts: object) -> None:
        self.facts: Mapping[str, object] = facts
        super().__init__(self.text.format(**facts))


class InvalidInput(GuildhallError):
    """The request breaks a rule of form."""


class Unauthenticated(GuildhallError):
    """The caller has not shown who he is."""

    text = "Sign in first."


class Forbidden(GuildhallError):
    """The rule names another party."""


class NotFound(GuildhallError):
    """Unknown, or not visible to the caller."""

    text = "There is no such {kind}, or it is not yours to see."


class Conflict(GuildhallError):
    """The state does not allow it."""


class TooLarge(GuildhallError):
    """Over a stated limit."""


class TooManyRequests(GuildhallError):
    text = "Too many requests for this {limited}; try again in {retry_after_seconds} s."


class Unavailable(GuildhallError):
    """A service behind us did not answer in time; a retry may succeed."""
