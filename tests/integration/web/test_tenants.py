"""Two tenants over every route: what is one's own is nobody else's, and an id of another's answers as one that is not.

The requests are made from the OpenAPI document, so that a route that is added is in the matrix at once.
"""

import secrets
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.integration.market import Market, Person
from tests.integration.routing.paying import Payer
from tests.integration.routing.shop import Shop

BODIES = 4
PUBLIC = ("agent_id", "address", "listing_id", "name", "version", "side")
"""What everybody may see: agents, what is owed on the chain, listings, capabilities; and whose review is meant."""
MADE_BY_ASKING = ("PUT", "/v1/task-templates/{template}")
"""Whoever puts a template has one of his own then, whatever others call theirs."""
VERBS_OF_404 = 30
"""So many operations at least come as far as looking for what they name."""


@pytest.fixture
async def owned(market: Market) -> dict[str, str]:
    """What the buyer has and nobody else knows of."""
    terms = await market.direct()
    task = str(await market.post(terms, visibility="private"))
    intent = (await market.buyer.carry(f"/tasks/{task}/fund", {"method": "authorization"}))["intent"]["id"]
    key = await market.buyer.post("/auth/keys", {"name": "mine", "scopes": ["read"], "expires_in_days": 1})
    assert key.status_code == 201, key.text
    policy = {"approvers": [market.arbiter.address]}
    await market.buyer.wallet.client.put("/v1/spending/policy", json=policy, headers=market.buyer.headers)
    approval = await market.buyer.post("/approvals", {"task_id": task, "amount": "1"})
    assert approval.status_code == 201, approval.text
    ids = {"intent_id": intent, "key_id": key.json()["id"], "approval_id": approval.json()["id"]}
    template = f"mine-{secrets.token_hex(4)}"
    kept = {"title": "Sort", "capability": "text.sort"}
    path = f"/v1/task-templates/{template}"
    await market.buyer.wallet.client.put(path, json=kept, headers=market.buyer.headers)
    call = str(uuid4())
    called = await market.buyer.post("/calls", {"call_id": call, "capability": "nobody.does", "input": 1})
    assert called.status_code == 404, called.text
    buyer = market.buyer.wallet
    payer = Payer(Shop(buyer.client, market.agent.wallet, buyer, market.database_url), market.settings)
    payer.mirror()
    ids |= {"call_id": call, "payout_id": str(uuid4()), "channel_id": payer.channel_id, "named": str(uuid4())}
    return ids | {"task_id": task, "digest": str(terms.content), "agent_id": "1", "template": template, "side": "buyer"}


def unknown() -> dict[str, str]:
    """Ids of the same form that are nobody's."""
    made = {"task_id": "0x" + secrets.token_hex(32), "digest": "0x" + secrets.token_hex(32), "agent_id": "1"}
    made |= {"template": f"mine-{secrets.token_hex(4)}", "side": "buyer", "channel_id": "0x" + secrets.token_hex(32)}
    names = ("intent_id", "key_id", "approval_id", "call_id", "payout_id", "named")
    return made | {name: str(uuid4()) for name in names}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Method, path template and some right bodies of each operation that names something private."""
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # the document is ours
        names = [parameter.name for parameter in operation.path_parameters]
        own = (operation.method.upper(), operation.path) == MADE_BY_ASKING
        if names and not own and not set(names) <= set(PUBLIC):
            yield operation.method.upper(), operation.path, bodies_of(operation)


def bodies_of(operation: Any) -> list[Any]:
    if not operation.body:
        return [None]
    found: list[Any] = []

    @given(case=operation.as_strategy())
    @settings(max_examples=BODIES, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck)
    def collect(case: Any) -> None:
        found.append(case.body)

    collect()
    return found


async def asked(person: Person, method: str, template: str, ids: dict[str, str], body: Any) -> tuple[int, str]:
    """The status and the text of an answer, without what differs from request to request."""
    path = template.format_map(ids)
    answer = await person.wallet.client.request(method, path, json=body, headers=person.headers)
    text = answer.text.replace(str(answer.headers["x-request-id"]), "REQUEST")
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, text


async def test_a_foreign_id_answers_as_an_unknown_one(market: Market, owned: dict[str, str]) -> None:
    document = (await market.stranger.wallet.client.get("/openapi.json")).json()
    differences, missing, matrix = [], set(), list(operations(document))
    for method, template, bodies in matrix:
        for body in bodies:
            foreign = await asked(market.stranger, method, template, owned, body)
            nobodys = await asked(market.stranger, method, template, unknown(), body)
            if foreign != nobodys:
                differences.append((method, template, body, foreign, nobodys))
            if foreign[0] == 404:
                missing.add((method, template))
            assert foreign[0] >= 400 or (method, template) == ("DELETE", "/v1/auth/keys/{key_id}"), (template, foreign)
    assert differences == []
    assert len(missing) >= VERBS_OF_404, sorted({each[:2] for each in matrix} - missing)


async def test_no_list_shows_what_is_anothers(market: Market, owned: dict[str, str]) -> None:
    document = (await market.stranger.wallet.client.get("/openapi.json")).json()
    operations = "/v1/operations/"  # a role's, whoever asks: refused to everybody here
    gets = [path for path, methods in document["paths"].items() if "get" in methods and "{" not in path]
    asking = [path for path in gets if any(each["required"] for each in parameters(document, path))]
    assert asking == ["/v1/market/prices"]
    lists = [path for path in gets if not path.startswith(operations) and path not in asking]
    assert len(lists) > 8
    for path in lists:
        theirs = await market.stranger.wallet.client.get(path, headers=market.stranger.headers)
        assert theirs.status_code in (200, 404), path  # 404: no policy of his own
        for name, value in owned.items():
            assert name in PUBLIC or value not in theirs.text, (path, value)
    shown = "".join([(await market.buyer.wallet.client.get(path, headers=market.buyer.headers)).text for path in lists])
    assert owned["task_id"] in shown
    assert owned["intent_id"] in shown
    assert owned["key_id"] in shown
    assert owned["approval_id"] in shown
    assert owned["template"] in shown
    assert owned["call_id"] in shown


def parameters(document: dict[str, Any], path: str) -> list[dict[str, Any]]:
    return list(document["paths"][path]["get"].get("parameters", []))


async def test_what_is_anothers_is_as_it_was(market: Market, owned: dict[str, str]) -> None:
    """Asked for everything by everybody's rules, the stranger changed nothing of the buyer's."""
    before = await everything(market.buyer, owned)
    document = (await market.stranger.wallet.client.get("/openapi.json")).json()
    for method, template, bodies in operations(document):
        await asked(market.stranger, method, template, owned, bodies[0])
    assert await everything(market.buyer, owned) == before


async def everything(person: Person, owned: dict[str, str]) -> list[Any]:
    own = (f"/tasks/{owned['task_id']}", f"/intents/{owned['intent_id']}", f"/content/{owned['digest']}")
    return [(answer.status_code, answer.text) for answer in [await person.get(path) for path in (*own, "/auth/keys")]]
