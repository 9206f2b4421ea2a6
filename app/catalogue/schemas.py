"""Wire shapes of the catalogue."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from app.catalogue.models import Capability as Stored
from app.web.fields import AddressField, Capability, Text, WireModel, refuse_unstorable

MAX_SCHEMA_WORDS = 5_000


def storable(value: Any) -> Any:
    """JSON that the database can hold: no NUL in any text, and not too much of it."""
    waiting, seen = [value], 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if seen > MAX_SCHEMA_WORDS:
            raise PydanticCustomError("too_much", "A schema holds at most 5,000 values.")
        if isinstance(each, str):
            refuse_unstorable(each)
        elif isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
    return value


VersionText = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}\.(0|[1-9][0-9]{0,5})$")]
SchemaField = Annotated[bool | dict[str, Any], AfterValidator(storable)]


class Published(WireModel):
    """`input` and `output` are JSON Schemas (2020-12) of the keywords that are used here."""

    version: VersionText
    description: Annotated[Text, Field(min_length=1, max_length=2_000)]
    input: SchemaField
    output: SchemaField


class CapabilityView(BaseModel):
    name: Capability
    version: VersionText
    description: str
    input: bool | dict[str, Any]
    output: bool | dict[str, Any]
    published_by: AddressField
    published_at: datetime


def capability_view(stored: Stored) -> CapabilityView:
    """A version as it is shown."""
    return CapabilityView(
        name=stored.name,
        version=str(stored.version),
        description=stored.description,
        input=stored.input,
        output=stored.output,
        published_by=stored.published_by,
        published_at=stored.published_at,
    )
