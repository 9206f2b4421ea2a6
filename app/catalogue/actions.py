"""Publishing capabilities. Nothing here commits."""

from jsonschema import Draft202012Validator, SchemaError
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.catalogue import queries
from app.catalogue.models import Capability
from app.catalogue.rules import (
    Contract,
    Schema,
    Version,
    require_compatible,
    require_keywords,
    require_turn,
)
from app.database import Address
from app.errors import CapabilityNotYours, SchemaRefused


async def publish(
    session: AsyncSession, account: Address, name: str, version: Version, description: str, contract: Contract
) -> Capability:
    """Stores a version for ever; the same again is the same one.

    Raises SchemaRefused, CapabilityNotYours, VersionOutOfTurn, and VersionIncompatible for a minor version that could
    not take the place of the one before.
    """
    for field, schema in (("input", contract.input), ("output", contract.output)):
        require_schema(schema, field)
    await queries.lock_name(session, name)
    earlier = await queries.versions_of(session, name)
    if earlier and earlier[0].published_by != account:
        raise CapabilityNotYours(name=name, owner=earlier[0].published_by)
    same = next((each for each in earlier if each.version == version), None)
    if same is not None and (same.contract, same.description) == (contract, description):
        return same
    before = earlier[-1] if earlier else None
    require_turn(version, None if before is None else before.version)
    if before is not None and before.major == version.major:
        require_compatible(before.contract, contract)
    published = Capability(
        name=name,
        major=version.major,
        minor=version.minor,
        description=description,
        input=contract.input,
        output=contract.output,
        published_by=account,
    )
    session.add(published)
    await session.flush()
    await session.refresh(published)
    await announce(session, "capability.published", f"capability:{name}", {"version": str(version)})
    return published


def require_schema(schema: Schema, field: str) -> None:
    """Raises SchemaRefused for what is no JSON Schema, or says more than is used here."""
    require_keywords(schema, field)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join([field, *(str(step) for step in error.path)])
        raise SchemaRefused(at=place, reason=error.message[:200]) from error
