"""Everything that can go wrong for a client, in one tree.

SdkError
├── Problem                 the service answered with an RFC 9457 problem document
│   ├── Unauthorized        401: no session, or it ended
│   ├── Forbidden           403: another party's verb; `facts["rule"]` says whose
│   ├── NotFound            404: unknown, or not yours to know
│   ├── Conflict            409: the task's state does not allow it
│   ├── Refused             any other 4xx
│   └── ServerFailed        5xx
├── Unreachable             no answer after the bounded retries
├── SignatureRefused        the service wants something else signed than what the caller meant
├── TermsDistrusted         terms that favour the buyer unusually, and nobody said that they are accepted
├── NetworkChanged          chain id or a contract is not the one given or first seen
├── VoucherRefused          a voucher is not worth what was asked for it; `reason` says why
├── AuctionRefused          an auction's record does not yield what it claims, or leaves a commitment out
├── DigestMismatch          the bytes are not those of the digest
├── IntentFailed            a carried intent ended in `failed`
├── WaitTimedOut            a condition did not come true in time
└── KeyFileRefused          the key file is readable by others or holds no key
"""

from typing import Any

STANDARD_FIELDS = frozenset({"type", "title", "status", "detail", "instance", "request_id"})


class SdkError(Exception):
    """Ancestor of every error that this package raises by itself."""


class Problem(SdkError):
    """A problem document; `facts` holds its extension members."""

    def __init__(self, status: int, document: dict[str, Any], request_id: str | None) -> None:
        self.status = status
        self.type = str(document.get("type", "about:blank"))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.request_id = request_id or document.get("request_id")
        self.facts = {key: value for key, value in document.items() if key not in STANDARD_FIELDS}
        super().__init__(f"{status} {self.name}: {self.detail or self.title} (request {self.request_id})")

    @property
    def name(self) -> str:
        """The last part of the type, `bid-too-low` of `urn:guildhall:problem:bid-too-low`."""
        return self.type.rsplit(":", 1)[-1]


class Unauthorized(Problem):
    pass


class Forbidden(Problem):
    pass


class NotFound(Problem):
    pass


class Conflict(Problem):
    pass


class Refused(Problem):
    pass


class ServerFailed(Problem):
    pass


class Unreachable(SdkError):
    def __init__(self, method: str, path: str, attempts: int) -> None:
        self.method, self.path, self.attempts = method, path, attempts
        super().__init__(f"{method} {path}: no answer after {attempts} attempts")


class SignatureRefused(SdkError):
    """`path` names the first differing member, such as `message.amount`."""

    def __init__(self, path: str, ours: object, theirs: object) -> None:
        self.path, self.ours, self.theirs = path, ours, theirs
        super().__init__(f"refused to sign: {path} should be {ours!r}, the service sent {theirs!r}")


class TermsDistrusted(SdkError):
    """`warnings` names what; a client made with `accept_terms=True` works on such terms too."""

    def __init__(self, warnings: list[str]) -> None:
        self.warnings = warnings
        super().__init__(f"the terms favour the buyer unusually: {', '.join(warnings)}")


class NetworkChanged(SdkError):
    def __init__(self, field: str, expected: object, actual: object) -> None:
        self.field, self.expected, self.actual = field, expected, actual
        super().__init__(f"the service changed {field}: expected {expected}, got {actual}")


class AuctionRefused(SdkError):
    """`rule` names the part of the record that does not hold."""

    def __init__(self, rule: str, reason: str) -> None:
        self.rule, self.reason = rule, reason
        super().__init__(f"the auction's {rule} does not hold: {reason}")


class DigestMismatch(SdkError):
    def __init__(self, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(f"content does not match its digest: expected {expected}, got {actual}")


class VoucherRefused(SdkError):
    def __init__(self, reason: str, **facts: object) -> None:
        self.reason, self.facts = reason, facts
        said = ", ".join(f"{name} {value}" for name, value in facts.items())
        super().__init__(f"voucher refused: {reason}{': ' + said if said else ''}")


class CallBroken(SdkError):
    """An answer in parts did not come to its end."""

    def __init__(self, call_id: str, problem: str | None) -> None:
        self.call_id = call_id
        super().__init__(f"the call {call_id} broke off: {problem or 'no end came'}")


class IntentFailed(SdkError):
    def __init__(self, intent_id: str, verb: str, reason: str | None, error: dict[str, Any] | None) -> None:
        self.intent_id, self.verb, self.reason, self.error = intent_id, verb, reason, error
        super().__init__(f"{verb} failed: {reason} {error or ''}".rstrip())


class ApprovalDenied(SdkError):
    def __init__(self, approval_id: str, state: str) -> None:
        self.approval_id, self.state = approval_id, state
        super().__init__(f"the approval is {state}")


class WaitTimedOut(SdkError):
    def __init__(self, what: str, timeout_seconds: float, last: object) -> None:
        self.what, self.timeout_seconds, self.last = what, timeout_seconds, last
        super().__init__(f"{what} did not happen within {timeout_seconds:g} s; last seen: {last}")


class KeyFileRefused(SdkError):
    def __init__(self, path: str, fault: str) -> None:
        self.path, self.fault = path, fault
        super().__init__(f"key file {path} {fault}")


def problem_of(status: int, document: dict[str, Any], request_id: str | None) -> Problem:
    by_status: dict[int, type[Problem]] = {401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict}
    fallback = ServerFailed if status >= 500 else Refused
    return by_status.get(status, fallback)(status, document, request_id)
