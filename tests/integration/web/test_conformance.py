"""The API keeps to its own OpenAPI document, whatever is sent: no 5xx, no status, type or shape that is not in it.

Schemathesis makes requests from the document, right and wrong ones, and follows what one answer gives to the next.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from devnet.keys import participant_key
from devnet.processes import Service
from tests.integration.api import Wallet

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES, STEPS = (24 if settings().max_examples > 1_000 else 5), 8
"""More where the deep profile of hypothesis is loaded."""
ENDS_THE_SESSION = (("DELETE", "/v1/auth/session"), ("DELETE", "/v1/auth/sessions"))
TIMEOUT_SECONDS = 20


@pytest.fixture
async def document(served: tuple[Service, str]) -> Any:
    """The document of a running API, whose requests are signed in."""
    _service, url = served
    async with httpx.AsyncClient(base_url=url) as client:
        headers = await Wallet(participant_key(11), client).sign_in()
    return schemathesis.openapi.from_url(f"{url}/openapi.json"), headers


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) not in ENDS_THE_SESSION:
            yield operation


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_every_operation_keeps_to_the_document(document: tuple[Any, dict[str, str]], mode: GenerationMode) -> None:
    schema, headers = document
    faults, asked = [], 0

    for operation in operations(schema):

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck
        )
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=TIMEOUT_SECONDS)

        try:
            ask()
        except Unsatisfiable:  # nothing can be wrong about a request that takes nothing
            continue
        except Exception as fault:
            faults.append(f"{operation.label}: {fault}")
    assert faults == [], "\n\n".join(faults)
    assert asked > 200


def test_what_follows_from_an_answer_keeps_to_the_document(document: tuple[Any, dict[str, str]]) -> None:
    """Stateful: an id that one operation answered is another's parameter."""
    schema, headers = document

    class Machine(schema.as_state_machine()):  # type: ignore[misc]  # made of the document
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": headers, "timeout": TIMEOUT_SECONDS}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS, headers=headers)

    Machine.run(
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=HealthCheck,
        )
    )
