"""The chain, its contracts, the relayer and its keys."""

from app.errors.form import SettingRefused
from app.errors.kinds import Conflict, Forbidden, InvalidInput, Unavailable


class DeploymentMalformed(SettingRefused):
    text = "The deployment file {path} cannot be used: {reason}"


class BadSignature(InvalidInput):
    """`reason` is one of the words in app.chain.signatures."""

    text = "This is not a signature of {signer}: {reason}."


class ChainUnavailable(Unavailable):
    text = "No node answered {method}: {reason}."


class RpcRefused(Unavailable):
    """A node answered with an error that is not a revert."""

    text = "A node refused {method}: {message} ({code})."

    @property
    def code(self) -> int:
        return int(str(self.facts["code"]))

    @property
    def message(self) -> str:
        return str(self.facts["message"])


class CallReverted(Conflict):
    """A contract refused; `data` is what it said, as hex."""

    text = "The contract refused {method}: {message}."

    @property
    def data(self) -> bytes:
        return bytes.fromhex(str(self.facts["data"]).removeprefix("0x"))


class ChainNotMirrored(Unavailable):
    """The indexer has not written its first cursor yet."""

    text = "The chain is not mirrored yet; the indexer has written no block."


class RelayerKeyMissing(SettingRefused):
    """This worker was started without a key to send with."""


class InviteRefused(InvalidInput):
    text = "This invite is not one that you can use: it is unknown, used by somebody else, or its time is over."


class SignerUnavailable(Unavailable):
    """The service that keeps a key did not sign; a later try may succeed."""

    text = "The signer did not answer as it must: {reason}."


class SignerRefused(Forbidden):
    """The service that keeps a key does not sign this, by its own rules."""

    text = "The signer refuses: {reason}."


class BadStoredKey(SettingRefused):
    text = "The key file {path} holds no usable key: {reason}."
