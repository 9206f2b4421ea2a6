"""Problem documents: the class decides type and status, the facts are members and displace nothing."""

import json

import pytest

import app.errors
from app.errors import BadCursor, BodyTooLarge, GuildhallError, NotFound, Unauthenticated
from app.web.problems import STATUS, problem_of, slug_of, status_of


class Crowded(GuildhallError):
    text = "{status} {detail}"


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (BadCursor(), 400, "bad-cursor"),
        (Unauthenticated(), 401, "unauthenticated"),
        (NotFound(kind="task"), 404, "not-found"),
        (BodyTooLarge(limit=1), 413, "body-too-large"),
        (GuildhallError(), 500, "guildhall-error"),
    ],
)
def test_class_decides_type_and_status(error: GuildhallError, status: int, slug: str) -> None:
    response = problem_of(error, "request-1")
    document = json.loads(bytes(response.body))
    assert (response.status_code, document["status"]) == (status, status)
    assert document["type"] == f"urn:guildhall:problem:{slug}"
    assert document["detail"] == str(error)
    assert document["request_id"] == "request-1"


def test_facts_displace_no_standard_member() -> None:
    document = json.loads(bytes(problem_of(Crowded(status=1, detail="x", more=2**60, text="\ud800"), "r").body))
    assert (document["status"], document["detail"], document["more"]) == (500, "1 x", str(2**60))


def test_every_kind_of_refusal_has_a_status() -> None:
    """The second level of the tree; SettingRefused and its like end a process before there are requests."""
    kinds = (
        "InvalidInput",
        "Unauthenticated",
        "Forbidden",
        "NotFound",
        "Conflict",
        "TooLarge",
        "TooManyRequests",
        "Unavailable",
    )
    assert {getattr(app.errors, kind) for kind in kinds} <= set(STATUS)
    assert status_of(ValueError) == 500  # type: ignore[arg-type]  # what nobody named is our own failure


def test_slugs_are_words() -> None:
    assert slug_of("BidTooLow") == "bid-too-low"
    slugs = [slug_of(name) for name in vars(app.errors) if name[0].isupper()]
    assert all(slug == slug.lower() for slug in slugs)
