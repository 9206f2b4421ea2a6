"""Wire shapes of paying in: one task by one of four methods, or several at once."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from app.chain.typed_payments import MAX_BATCH
from app.tasks.funding import Validity
from app.tasks.schemas import Asked, PaidSigned, Prepared, prepared
from app.tasks.signing import Message
from app.web.fields import ChainSeconds, Signature, TaskIdField, WireModel

Method = Literal["authorization", "approve", "permit", "permit2"]
NEEDED: dict[Method, tuple[str, ...]] = {
    "authorization": ("valid_before",),
    "approve": ("deadline",),
    "permit": ("deadline", "permit_nonce", "payment_signature"),
    "permit2": ("deadline", "permit_nonce"),
}


def refuse_above_a_word(digits: str) -> str:
    if int(digits) >= 2**256:
        raise PydanticCustomError("nonce", "A nonce is below 2^256.")
    return digits


PermitNonce = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$"), AfterValidator(refuse_above_a_word)]
"""A uint256 as digits."""


class FundAsked(Asked):
    """`authorization` is EIP-3009 and needs no allowance; `approve` uses one; `permit` (EIP-2612) makes one by a second
    signature; `permit2` needs Uniswap's Permit2 to be approved at the token."""

    method: Method
    valid_after: ChainSeconds | None = None
    valid_before: ChainSeconds | None = None

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)


class FundSigned(PaidSigned):
    """An authorization ends at `valid_before`, everything else at `deadline`."""

    method: Method
    valid_after: ChainSeconds = 0
    valid_before: ChainSeconds | None = None
    deadline: ChainSeconds | None = None
    permit_nonce: PermitNonce | None = None

    @model_validator(mode="after")
    def _what_the_method_needs_is_there(self) -> Self:
        for name in NEEDED[self.method]:
            if getattr(self, name) is None:
                raise PydanticCustomError("missing", "{method} needs {name}.", {"method": self.method, "name": name})
        return self

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)

    @property
    def nonce(self) -> int:
        """The permit's. Only for the methods that need one."""
        return int(self.permit_nonce or "")


TaskIds = Annotated[tuple[TaskIdField, ...], Field(strict=False, min_length=1, max_length=MAX_BATCH)]


class BatchAsked(WireModel):
    """Drafts of one buyer, to be paid together."""

    task_ids: TaskIds
    valid_after: ChainSeconds | None = None
    valid_before: ChainSeconds | None = None

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)


class BatchSigned(WireModel):
    task_ids: TaskIds
    valid_after: ChainSeconds = 0
    valid_before: ChainSeconds
    signature: Signature

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)


def fund_prepared(message: Message, body: FundAsked) -> Prepared:
    """The answer to a prepare request, with what only the message says among the parameters."""
    if body.method == "authorization":
        return authorization_prepared(message, {"method": body.method})
    answer = prepared(message, body)
    said = (answer.payment or answer.typed_data)["message"]
    return answer.model_copy(update={"params": {"method": body.method} | permit_nonce(body.method, said)})


def permit_nonce(method: Method, said: dict[str, object]) -> dict[str, object]:
    return {"permit_nonce": str(said["nonce"])} if method in ("permit", "permit2") else {}


def batch_prepared(message: Message, body: BatchAsked) -> Prepared:
    """The answer for several tasks."""
    return authorization_prepared(message, {"task_ids": list(body.task_ids)})


def authorization_prepared(message: Message, params: dict[str, object]) -> Prepared:
    """EIP-3009's message has its own beginning and end."""
    said = message.typed_data["message"]
    bounds = {"valid_after": said["validAfter"], "valid_before": said["validBefore"]}
    return Prepared(typed_data=dict(message.typed_data), params=params | bounds, deadline=None)
