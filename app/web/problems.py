"""Errors on the wire: RFC 9457 problem documents with a stable type, the facts as fields and a request id."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.errors import (
    BadCursor,
    BodyTooDeep,
    Conflict,
    Forbidden,
    GuildhallError,
    InvalidInput,
    NotFound,
    RequestMalformed,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UploadStalled,
)

MEDIA_TYPE = "application/problem+json"
SAFE_INTEGER = 2**53

STATUS: Mapping[type[GuildhallError], HTTPStatus] = {
    BadCursor: HTTPStatus.BAD_REQUEST,
    BodyTooDeep: HTTPStatus.BAD_REQUEST,
    UploadStalled: HTTPStatus.REQUEST_TIMEOUT,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Problem(BaseModel):
    """What every 4xx and 5xx answers (RFC 9457). The facts of the error are further members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    request_id: str


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, words in (("4XX", "The request was refused."), ("5XX", "The service could not answer."))
}


def install_problems(app: FastAPI) -> None:
    """Makes every error that reaches FastAPI a problem document."""
    app.add_exception_handler(GuildhallError, answer_error)
    app.add_exception_handler(RequestValidationError, answer_malformed)
    app.add_exception_handler(HTTPException, answer_http)
    generate = app.openapi

    def openapi_with_problem() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return document

    # FastAPI's own hook for the document; its `model` of a response would claim application/json.
    app.openapi = openapi_with_problem  # type: ignore[method-assign]  # the documented way to extend it


async def answer_error(request: Request, error: Exception) -> Response:
    """A domain error, by its class."""
    if not isinstance(error, GuildhallError):
        raise error
    return problem_of(error, request.state.request_id)


async def answer_malformed(request: Request, error: Exception) -> Response:
    """What the wire schemas refused. The input is never echoed: it may hold what no response can."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [{"at": place_of(each["loc"]), "rule": each["type"], "detail": each["msg"]} for each in error.errors()]
    return problem_of(RequestMalformed(errors=found[:20]), request.state.request_id)


async def answer_http(request: Request, error: Exception) -> Response:
    """What the framework refused by itself: no such route, wrong method, unreadable JSON."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    slug = "no-such-route" if status is HTTPStatus.NOT_FOUND else slug_of(status.phrase.title().replace(" ", ""))
    return problem(slug, status, request.state.request_id, error.detail, headers=error.headers)


def problem_of(error: GuildhallError, request_id: str) -> Response:
    """The problem document of a domain error."""
    status = status_of(type(error))
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    return problem(slug_of(type(error).__name__), status, request_id, str(error), error.facts, headers)


def unexpected_problem(request_id: str) -> Response:
    """The 500 that tells nothing: what happened is in the log, under the request id."""
    return problem("unexpected", HTTPStatus.INTERNAL_SERVER_ERROR, request_id)


def problem(
    slug: str,
    status: HTTPStatus,
    request_id: str,
    detail: str | None = None,
    facts: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem document as an answer."""
    body = document(slug, status, request_id, detail, facts)
    # ASCII escapes: a lone surrogate in a caller's field name has no UTF-8 form.
    return Response(json.dumps(body), status.value, dict(headers or {}), MEDIA_TYPE)


def document(
    slug: str, status: HTTPStatus, request_id: str, detail: str | None, facts: Mapping[str, object] | None
) -> dict[str, Any]:
    """The members of a problem; facts never displace the standard ones."""
    body = {name: wire_fact(fact) for name, fact in (facts or {}).items()}
    body |= {"type": f"urn:guildhall:problem:{slug}", "title": slug.replace("-", " ").capitalize()}
    return body | {"status": status.value, "detail": detail, "request_id": request_id}


def problem_view(error: GuildhallError, request_id: str) -> Problem:
    """A domain error inside an answer that holds several."""
    status, slug = status_of(type(error)), slug_of(type(error).__name__)
    return Problem.model_validate(document(slug, status, request_id, str(error), error.facts))


def status_of(kind: type[GuildhallError]) -> HTTPStatus:
    """The status of the nearest class in the table; a class outside it is our own failure."""
    for ancestor in kind.__mro__:
        if ancestor in STATUS:
            return STATUS[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def slug_of(name: str) -> str:
    """BidTooLow -> bid-too-low."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def place_of(location: tuple[int | str, ...]) -> str:
    """("body", "terms", "budget") -> "body.terms.budget"."""
    return ".".join(str(part) for part in location)[:200]


def wire_fact(fact: object) -> Any:
    """A fact as JSON: integers that a float would round, and anything unknown to JSON, become strings."""
    match fact:
        case None | bool() | str():
            return fact
        case int():
            return fact if -SAFE_INTEGER < fact < SAFE_INTEGER else str(fact)
        case datetime():
            return fact.isoformat()
        case Mapping():
            return {str(name): wire_fact(each) for name, each in fact.items()}
        case list() | tuple() | set() | frozenset():
            return [wire_fact(each) for each in fact]
        case _:
            return str(fact)
