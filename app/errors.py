"""Every error the product raises on purpose.

    GuildhallError
    ├── InvalidInput          what was sent breaks a rule of form
    │   ├── AmountMalformed · AmountOutOfRange
    ├── Unauthenticated       nobody, or not who he says
    ├── Forbidden             somebody, but not the party the rule names
    ├── NotFound              unknown, or not for the asker's eyes: both answer alike
    ├── Conflict              right form, wrong state
    ├── TooLarge              over a stated limit
    └── Unavailable           try again later: a service behind us did not answer

A class names the broken fact and carries the facts as keyword fields; the message is built from them. Nothing here
knows HTTP: app.web maps the second level to status codes.
"""

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


class Unavailable(GuildhallError):
    """A service behind us did not answer in time; a retry may succeed."""


# money


class AmountMalformed(InvalidInput):
    text = "{value!r} is not an amount: give base units as an integer or a string of digits."


class AmountOutOfRange(InvalidInput):
    text = "{value} is outside 0..{max} base units."


# config


class SettingRefused(GuildhallError):
    text = "{name}: {reason}"


# web


# accounts


# chain


# relayer


# content


# agents, listings


# tasks, auctions, disputes, reputation, payments
