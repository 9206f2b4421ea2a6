"""What a receipt says that was moved."""

from typing import Any

import pytest

from app.chain.transfers import TRANSFER, Mined, Transfer, mined_of
from app.database import Address, Hash32

TOKEN = Address("0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359")
ONE, TWO = Address("0x" + "11" * 20), Address("0x" + "22" * 20)


def topic(address: str) -> str:
    return "0x" + "00" * 12 + address[2:]


def log(**changed: Any) -> dict[str, Any]:
    usual = {"address": TOKEN.lower(), "topics": [TRANSFER, topic(ONE), topic(TWO)], "data": "0x" + f"{77:064x}"}
    return usual | changed


def receipt(*logs: dict[str, Any], **changed: Any) -> dict[str, Any]:
    usual = {
        "transactionHash": "0x" + "aa" * 32,
        "blockNumber": "0x10",
        "blockHash": "0x" + "BB" * 32,
        "status": "0x1",
        "gasUsed": "0x1",
        "logs": list(logs),
    }
    return usual | changed


def test_reads_the_transfers_of_the_token_alone() -> None:
    others = (
        log(address="0x" + "99" * 20),
        log(topics=["0x" + "ee" * 32, topic(ONE), topic(TWO)]),
        log(topics=[TRANSFER, topic(ONE), topic(TWO), topic(TWO)]),
        log(topics=[]),
    )
    found = mined_of(TOKEN, receipt(*others, log(), log(data="0x1")))
    moved = (Transfer(ONE, TWO, 77), Transfer(ONE, TWO, 1))
    assert found == Mined(16, Hash32("0x" + "bb" * 32), True, moved)


def test_a_reverted_one_and_one_in_no_block() -> None:
    reverted = mined_of(TOKEN, receipt(status="0x0"))
    assert reverted is not None
    assert not reverted.succeeded
    assert mined_of(TOKEN, None) is None
    assert mined_of(TOKEN, receipt(blockHash=None)) is None


@pytest.mark.parametrize("spoilt", [{}, [], "0x", receipt(blockNumber=None), receipt({"address": TOKEN})])
def test_what_cannot_be_read_raises_what_is_counted_as_no_voice(spoilt: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        mined_of(TOKEN, spoilt)
