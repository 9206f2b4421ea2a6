"""Agents, what they offer, the catalogue and search."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput, Unavailable


class NotController(Forbidden):
    text = "Only the owner, the wallet or an approved operator of agent {agent_id} may {verb} it."


class RegistrationNonceUsed(Conflict):
    text = "The registry expects nonce {expected}, the signature holds {nonce}: prepare again."


class RegistrationDeadlineRefused(Conflict):
    text = "The deadline {deadline} must be after chain time {time} and at most {limit}."


class EmbedderUnavailable(Unavailable):
    """What makes vectors of texts did not; searches go by words meanwhile."""

    text = "The embedder did not answer as it must: {reason}."


class SchemaRefused(InvalidInput):
    text = "The schema is refused at {at}: {reason}."


class VersionOutOfTurn(Conflict):
    text = "Version {version} is not the next one; it would be one of {allowed}."


class VersionIncompatible(Conflict):
    """`faults` names each place where a document of the earlier version would not do."""

    text = (
        "A minor version takes the place of the one before; this one would break it, see faults. Publish a major one."
    )


class CapabilityNotYours(Forbidden):
    text = "The capability {name} is published by {owner}."


class CapabilityUnknown(InvalidInput):
    text = "The catalogue has no version {version} of {name}."


class OfferRefused(InvalidInput):
    text = "{field} of this listing is refused: {reason}."


class PricingRefused(InvalidInput):
    text = "{field} of this pricing is refused: {reason}."


class ListingChangedMeanwhile(Conflict):
    text = "The listing is at version {version} and not at {expected}; read it again."
