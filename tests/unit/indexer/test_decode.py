"""A log is an event of its contract, or it is set aside with a reason."""

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from app.chain.deployment import Deployment
from app.database import Address
from indexer.decode import Contract, Decoded, Decoder, Quarantined, RawLog, decoder_for
from indexer.projections import Placed
from indexer.rows import read_log

DEPLOYMENT = Deployment(
    chain_id=31337,
    start_block=1,
    token=Address("0x1111111111111111111111111111111111111111"),
    identity=Address("0x2222222222222222222222222222222222222222"),
    escrow=Address("0x3333333333333333333333333333333333333333"),
    reputation=Address("0x4444444444444444444444444444444444444444"),
)
DECODER = decoder_for(DEPLOYMENT)
WORD = bytes(31) + b"\x01"
URI_UPDATED = keccak(text="URIUpdated(uint256,string,address)")


def log(topics: tuple[bytes, ...], data: bytes = b"", address: bytes = b"\x22" * 20) -> RawLog:
    return RawLog(7, 3, bytes(32), b"\x09" * 32, 0, address, topics, data)


def test_reads_an_event() -> None:
    found = DECODER.decode(log((URI_UPDATED, WORD, WORD), encode(["string"], ["x"])), 1_000)
    assert isinstance(found, Decoded)
    assert (found.reader.contract, found.event.name, found.event.block_timestamp) == (
        Contract.IDENTITY,
        "URIUpdated",
        1_000,
    )
    assert found.event.args["agentId"] == "1"
    assert found.event.args["newURI"] == "x"


def reason(decoder: Decoder, given: RawLog) -> str:
    found = read_log(decoder, given, 0)
    assert isinstance(found, Quarantined)
    return found.reason


def test_sets_aside_an_unknown_topic() -> None:
    assert "no event of IdentityRegistry" in reason(DECODER, log((WORD,)))
    assert "no event of IdentityRegistry" in reason(DECODER, log(()))


def test_sets_aside_a_foreign_address() -> None:
    assert "address" in reason(DECODER, log((URI_UPDATED,), address=b"\x99" * 20))


def test_sets_aside_a_dirty_log() -> None:
    assert "data" in reason(DECODER, log((URI_UPDATED, WORD, WORD)))


def test_sets_aside_an_id_that_fits_no_column() -> None:
    given = log((URI_UPDATED, b"\xff" * 32, WORD), encode(["string"], [""]))
    assert "does not fit" in reason(DECODER, given)


def test_makes_no_row_of_an_approval() -> None:
    approval = keccak(text="Approval(address,address,uint256)")
    assert read_log(DECODER, log((approval, WORD, WORD, WORD)), 0) is None


def test_places_a_transfer_by_its_token() -> None:
    transfer = keccak(text="Transfer(address,address,uint256)")
    found = read_log(DECODER, log((transfer, WORD, WORD, WORD)), 0)
    assert isinstance(found, Placed)
    assert found.values == (1,)
