"""Processes that compute: Python computes on one core in each process, and a backfill needs more than one.

They are forked before this one has threads, connections or an event loop, so that all share what is loaded. A helper
asks nobody and writes nothing: it takes a function with its arguments from a pipe, answers with what that returns or
raises, and ends when the pipe does, however its parent ended. Without one, the same functions run in this process.
"""

import fcntl
import gc
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, NoReturn

from indexer.errors import HelperLost

log = logging.getLogger(__name__)

LANES = 2
"""Helpers; what one of them keeps from call to call the other does not know."""
OBJECTS_BETWEEN_COLLECTIONS = 500_000
"""A few units make as many, and no cycles."""
PIPE_BYTES = 1 << 20
"""Both sides go on for so long before one waits for the other; more than that the system gives to root only."""


@dataclass(frozen=True)
class Helper:
    """The parent's end."""

    pid: int
    questions: BinaryIO
    answers: BinaryIO

    def ask(self, function: Callable[..., Any], given: Sequence[Any]) -> Any:
        """What the function returns there; blocks until then. Raises what it raises, and HelperLost."""
        try:
            pickle.dump((function, given), self.questions, protocol=5)
            self.questions.flush()
            returned, value = pickle.load(self.answers)  # noqa: S301 - from a process that this one forked
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise HelperLost from error
        if returned:
            return value
        raise raised(*value)


_helpers: dict[int, Helper] = {}
_alone = threading.Lock()


def fork() -> list[int]:
    """Once, while this process has one thread; the helpers' process ids."""
    for lane in range(LANES):
        _helpers[lane] = fork_one()
    return [helper.pid for helper in _helpers.values()]


def fork_one() -> Helper:
    (asked, to_ask), (answered, to_answer) = piped(), piped()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        for other in _helpers.values():  # an end that another helper holds would keep it alive
            other.questions.close()
            other.answers.close()
        os.close(to_ask)
        os.close(answered)
        serve(asked, to_answer)
    os.close(asked)
    os.close(to_answer)
    return Helper(pid, os.fdopen(to_ask, "wb"), os.fdopen(answered, "rb"))


def compute(lane: int, function: Callable[..., Any], given: Sequence[Any]) -> Any:
    """In the lane's helper where there is one, and here otherwise, one at a time. Raises what the function raises, and
    HelperLost once."""
    helper = _helpers.get(lane)
    if helper is None:
        with _alone:
            return function(*given)
    try:
        return helper.ask(function, given)
    except HelperLost:
        log.exception("computing goes on in this process")
        del _helpers[lane]
        with suppress(ChildProcessError):  # nothing of it stays
            os.waitpid(helper.pid, os.WNOHANG)
        raise


def serve(asked: int, to_answer: int) -> NoReturn:
    """The helper's life. Signals are for the parent, which is in the same group."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        with os.fdopen(asked, "rb") as questions, os.fdopen(to_answer, "wb") as answers:
            while True:
                pickle.dump(answer_to(*pickle.load(questions)), answers, protocol=5)  # noqa: S301 - as above
                answers.flush()
    except (EOFError, OSError):
        os._exit(0)
    finally:
        os._exit(1)


def answer_to(function: Callable[..., Any], given: Sequence[Any]) -> tuple[bool, Any]:
    """Whether it returned, and what; or the parts of what it raised."""
    try:
        return True, function(*given)
    except Exception as error:
        error.add_note("In the helper: " + traceback.format_exc())
        return False, (type(error), error.args, error.__dict__)


def raised(kind: type[Exception], args: Sequence[Any], fields: dict[str, Any]) -> Exception:
    """An error as it was, without what its constructor wants."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


def piped() -> tuple[int, int]:
    """A pipe's two ends."""
    ends = os.pipe()
    with suppress(AttributeError, OSError):  # other systems choose the size themselves
        fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return ends
