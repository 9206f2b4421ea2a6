"""The marketplace as the sequencer of channels with many payees (docs/channels.md): its key, and what it may sign for.

It never signs CloseTogether or FundTask: what a channel holds leaves it by vouchers, or after the challenge period.
"""

from dataclasses import dataclass
from functools import cached_property

from eth_account.signers.local import LocalAccount

from app.chain.channels import NoChannels, contract_of, voucher
from app.chain.deployment import Deployment
from app.config import Settings
from app.database import Address, Hash32
from app.signing.keys import read_account


@dataclass(frozen=True)
class Sequencer:
    """`credit` is what a payer may owe from the start, `most` what he may ever owe at one time."""

    key: LocalAccount
    deployment: Deployment
    credit: int
    most: int

    @cached_property
    def address(self) -> Address:
        return Address(self.key.address)

    def sign(self, channel: Hash32, payee: Address, cumulative: int) -> bytes:
        """The second signature of a voucher; whoever asks has made sure of its cover."""
        message = voucher(self.deployment, channel, payee, cumulative)
        return bytes(self.key.sign_typed_data(full_message=dict(message)).signature)


def sequencer_of(settings: Settings, deployment: Deployment) -> Sequencer | None:
    """None where this deployment sequences nothing."""
    if settings.sequencer_key_file is None:
        return None
    try:
        contract_of(deployment)
    except NoChannels:
        return None
    key = read_account(settings.sequencer_key_file, production=settings.in_production)
    return Sequencer(key, deployment, settings.call_credit, settings.call_credit_most)
