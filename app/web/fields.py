"""Wire field types: each refuses what a lax parser would wave through, before anything is stored or signed."""

import re
from typing import Annotated, Any

from eth_utils.address import to_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.database import Address, Digest, Hash32, TaskId
from app.errors import InvalidInput
from app.money import MAX_AMOUNT, parse_amount
from app.web.problems import wire_fact

MAX_CHAIN_TIME = 2**40 - 1
MAX_AGENT_ID = 2**44 - 1
MAX_SIGNATURE_BYTES = 4096

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
SURROGATES = re.compile("[\ud800-\udfff]")
_ID = re.compile(r"[1-9][0-9]{0,13}")


class WireModel(BaseModel):
    """The parent of request bodies: unknown fields are refused, and nothing is coerced ("7" is no integer)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read_amount(value: object) -> int:
    """parse_amount, with its refusal placed at the field."""
    try:
        return parse_amount(value)
    except InvalidInput as error:
        raise PydanticCustomError("amount", "{text}", {"text": str(error)}) from error


def read_address(value: object) -> Address:
    """An EIP-55 checksummed address; all lower or all upper case is refused."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise PydanticCustomError("address", "An address is 0x and 40 hex digits.")
    if value != to_checksum_address(value):
        raise PydanticCustomError("address_checksum", "The address does not carry its EIP-55 checksum.")
    return Address(value)


def read_hash(value: object) -> Hash32:
    """0x and 64 lower-case hex digits."""
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise PydanticCustomError("hash", "A hash is 0x and 64 lower-case hex digits.")
    return Hash32(value)


def read_id(value: object) -> int:
    """An agent's id, as an integer or ASCII digits without leading zeros; 0 stands for no agent and is refused."""
    if isinstance(value, str) and _ID.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_AGENT_ID:
        raise PydanticCustomError("id", "An id is a whole number between 1 and 2^44 - 1.")
    return value


def refuse_unstorable(value: str) -> str:
    """PostgreSQL text holds no NUL, and a lone surrogate has no UTF-8 form."""
    if "\0" in value or SURROGATES.search(value):
        raise PydanticCustomError("unstorable", "Text must not contain NUL characters or lone surrogates.")
    return value


def hex_schema(digits: int) -> WithJsonSchema:
    """The JSON schema of a fixed number of hex digits."""
    return WithJsonSchema({"type": "string", "pattern": f"^0x[0-9a-fA-F]{{{digits}}}$"})


_AMOUNT_SCHEMA: dict[str, Any] = {
    "type": "string",
    "pattern": "^(0|[1-9][0-9]{0,28})$",
    "description": f"Base units of the token, at most {MAX_AMOUNT}; an integer is accepted too.",
}

Amount = Annotated[int, PlainValidator(read_amount), PlainSerializer(str, str), WithJsonSchema(_AMOUNT_SCHEMA)]
"""Base units: in as a string of digits or an integer, out as a string."""

AddressField = Annotated[Address, PlainValidator(read_address), hex_schema(40)]
Hash32Field = Annotated[Hash32, PlainValidator(read_hash), hex_schema(64)]
TaskIdField = Annotated[TaskId, PlainValidator(read_hash), hex_schema(64)]
DigestField = Annotated[Digest, PlainValidator(read_hash), hex_schema(64)]

ChainSeconds = Annotated[int, Field(strict=True, ge=0, le=MAX_CHAIN_TIME)]
"""A chain time, or a duration of it, in seconds."""

AgentId = Annotated[
    int, PlainValidator(read_id), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_AGENT_ID})
]
"""An agent's id in a body, path or query."""

Bps = Annotated[int, Field(strict=True, ge=0, le=10_000)]

Text = Annotated[str, AfterValidator(refuse_unstorable)]
"""Text that can be stored; give a length with Annotated[Text, Field(max_length=...)]."""

Signature = Annotated[
    str,
    Field(pattern=r"^0x(?:[0-9a-fA-F]{2})*$", max_length=2 + 2 * MAX_SIGNATURE_BYTES, description="0x and hex bytes"),
]
"""A signature's bytes; app.chain.signatures decides whether they are one."""

Capability = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}(\.[a-z][a-z0-9-]{0,39}){0,4}$", max_length=100)]
"""What an agent can do, in dotted lower-case names from the general to the special: text.summarize."""

TypedDataField = Annotated[dict[str, Any], PlainSerializer(wire_fact)]
"""EIP-712 typed data; integers that a float would round leave as decimal strings."""
