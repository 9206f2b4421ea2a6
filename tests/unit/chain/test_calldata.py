"""Calldata and errors, against the committed ABIs."""

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError
from eth_utils.crypto import keccak

from app.chain import channels, contracts
from app.chain.channels import SignedVoucher
from app.chain.contracts import Authorization, AuthRole, Permit, Revert, decode_revert, pack_auth
from app.chain.typed_data import TERMS_ABI
from app.database import Hash32
from tests.unit.chain.test_typed_messages import ADDRESSES, BID, CHANNEL, FEEDBACK, TERMS, WORD

TERMS_TYPE = TERMS_ABI
BID_TYPE = "(bytes32,uint256,address,address,uint96,uint40,uint40,bytes32)"
CHANNEL_TYPE = channels.CHANNEL_ABI
VOUCHER = SignedVoucher(ADDRESSES[0], 5, b"signer", b"sequencer")
PERMIT = Permit(5, 9, b"p")
FUNDING = Authorization(1, 2, b"f")
CALLS = {
    f"fund({TERMS_TYPE},bytes)": contracts.fund(TERMS, b"a"),
    f"fundWithAuthorization({TERMS_TYPE},uint256,uint256,bytes)": contracts.fund_with_authorization(TERMS, 1, 2, b"a"),
    f"award({TERMS_TYPE},{BID_TYPE},bytes,uint96,bytes32,bytes)": contracts.award(TERMS, BID, b"b", 5, WORD, b"a"),
    f"fundWithPermit({TERMS_TYPE},(uint256,uint256,bytes),bytes)": contracts.fund_with_permit(TERMS, PERMIT, b"a"),
    f"fundWithPermit2({TERMS_TYPE},uint256,uint256,bytes)": contracts.fund_with_permit2(TERMS, 1, 2, b"a"),
    f"fundFor({TERMS_TYPE},bytes)": contracts.fund_for(TERMS, b"a"),
    f"fundBatch({TERMS_TYPE}[],(uint256,uint256,bytes))": contracts.fund_batch([TERMS, TERMS], FUNDING),
    f"fundChild({TERMS_TYPE},{TERMS_TYPE},bytes)": contracts.fund_child(TERMS, TERMS, b"a"),
    f"awardAndFund({TERMS_TYPE},{BID_TYPE},bytes,uint96,bytes32,bytes,(uint256,uint256,bytes))": (
        contracts.award_and_fund(TERMS, BID, b"b", 5, WORD, b"a", FUNDING)
    ),
    f"revokeBid({BID_TYPE},bytes)": contracts.revoke_bid(BID, b"a"),
    "multicall(bytes[])": contracts.multicall([b"a", b"b"]),
    f"veto({TERMS_TYPE},bytes)": contracts.veto(TERMS, b"a"),
    f"submit({TERMS_TYPE},uint256,bytes32,bytes)": contracts.submit(TERMS, 1, WORD, b"a"),
    f"release({TERMS_TYPE},uint96,bytes)": contracts.release(TERMS, 1, b"a"),
    f"claim({TERMS_TYPE},bytes)": contracts.claim(TERMS, b"a"),
    f"cancel({TERMS_TYPE},bytes)": contracts.cancel(TERMS, b"a"),
    f"cancelTogether({TERMS_TYPE},bytes,bytes)": contracts.cancel_together(TERMS, b"a", b"b"),
    f"reclaim({TERMS_TYPE})": contracts.reclaim(TERMS),
    f"dispute({TERMS_TYPE},bytes32,bytes)": contracts.dispute(TERMS, WORD, b"a"),
    f"settle({TERMS_TYPE},uint96,bytes,bytes)": contracts.settle(TERMS, 1, b"a", b"b"),
    f"rule({TERMS_TYPE},uint16,bytes32,bytes)": contracts.rule(TERMS, 1, WORD, b"a"),
    f"ruleByDefault({TERMS_TYPE})": contracts.rule_by_default(TERMS),
    "withdraw(address)": contracts.withdraw(ADDRESSES[0]),
    "registerFor(address,string,uint256,bytes)": contracts.register_for(ADDRESSES[0], "uri", 9, b"a"),
    "registerByDigestFor(address,bytes32,uint256,bytes)": contracts.register_by_digest_for(ADDRESSES[0], WORD, 9, b"a"),
    "setAgentWalletFor(uint256,address,uint256,bytes,uint256,bytes)": (
        contracts.set_agent_wallet_for(1, ADDRESSES[0], 9, b"a", 10, b"b")
    ),
    f"open({CHANNEL_TYPE},uint96,bytes)": channels.call_open(CHANNEL, 5, b"a"),
    f"openWithPermit({CHANNEL_TYPE},uint96,(uint256,uint256,bytes),bytes)": (
        channels.call_open_with_permit(CHANNEL, 5, PERMIT, b"a")
    ),
    f"openWithAuthorization({CHANNEL_TYPE},uint96,(uint256,uint256,bytes))": (
        channels.call_open_with_authorization(CHANNEL, 5, FUNDING)
    ),
    f"topUpWithAuthorization({CHANNEL_TYPE},uint96,bytes32,(uint256,uint256,bytes))": (
        channels.call_top_up_with_authorization(CHANNEL, 5, WORD, FUNDING)
    ),
    f"redeem({CHANNEL_TYPE},address,uint96,bytes)": channels.call_redeem(CHANNEL, VOUCHER),
    f"redeemBatch(({CHANNEL_TYPE},address,uint96,bytes)[])": channels.call_redeem_batch([(CHANNEL, VOUCHER)]),
    f"startClose({CHANNEL_TYPE},bytes)": channels.call_start_close(CHANNEL, b"a"),
    f"finishClose({CHANNEL_TYPE})": channels.call_finish_close(CHANNEL),
    f"closeTogether({CHANNEL_TYPE},uint96,bytes,bytes)": channels.call_close_together(CHANNEL, 5, b"a", b"b"),
    f"fundTask({CHANNEL_TYPE},{TERMS_TYPE},uint96,bytes,bytes,bytes)": (
        channels.call_fund_task(CHANNEL, TERMS, 4, b"a", b"b", b"c")
    ),
    f"giveTaskFeedback({TERMS_TYPE},uint256,int128,uint8,string,string,string,string,bytes32,bytes)": (
        contracts.give_task_feedback(TERMS, FEEDBACK, b"a")
    ),
}


@pytest.mark.parametrize("signature", CALLS, ids=lambda signature: signature.partition("(")[0])
def test_calls_the_function_of_the_interface(signature: str) -> None:
    assert CALLS[signature][:4] == keccak(text=signature)[:4]


def test_terms_arrive_as_they_were_given() -> None:
    terms, auth = decode([TERMS_ABI, "bytes"], contracts.veto(TERMS, b"auth")[4:])
    assert terms == tuple(each.lower() if isinstance(each, str) else each for each in TERMS.abi())
    assert auth == b"auth"


def test_money_arrives_with_the_bounds_that_were_signed() -> None:
    batch, funding = decode([f"{TERMS_ABI}[]", "(uint256,uint256,bytes)"], contracts.fund_batch([TERMS], FUNDING)[4:])
    assert (len(batch), funding) == (1, (1, 2, b"f"))
    _, permit, auth = decode(
        [TERMS_ABI, "(uint256,uint256,bytes)", "bytes"], contracts.fund_with_permit(TERMS, PERMIT, b"a")[4:]
    )
    assert (permit, auth) == ((5, 9, b"p"), b"a")


def test_a_vouchers_two_signatures_are_told_apart_by_the_length_of_the_first() -> None:
    kinds = [CHANNEL_TYPE, "address", "uint96", "bytes"]
    assert decode(kinds, channels.call_redeem(CHANNEL, VOUCHER)[4:])[3] == b"\0\6signersequencer"
    alone = SignedVoucher(ADDRESSES[0], 5, b"signer")
    assert decode(kinds, channels.call_redeem(CHANNEL, alone)[4:])[3] == b"signer"


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(EncodingError):
        contracts.release(TERMS, 2**96, b"")
    with pytest.raises(EncodingError):
        contracts.release(TERMS, -1, b"")


def test_auth_is_packed_deadline_role_signature() -> None:
    assert pack_auth(2**40 - 1, b"sig") == b"\xff" * 5 + b"sig"
    assert pack_auth(1, b"sig", AuthRole.AGENT) == b"\0\0\0\0\1" + b"\1" + b"sig"
    with pytest.raises(OverflowError):
        pack_auth(2**40, b"sig")


def test_custom_errors_come_back_by_name_with_their_facts() -> None:
    data = keccak(text="PriceOutOfBounds(uint256,uint256,uint256)")[:4] + encode(["uint256"] * 3, [7, 1, 5])
    assert decode_revert(data) == Revert("PriceOutOfBounds", {"actual": "7", "min": "1", "max": "5"})
    assert str(decode_revert(data)) == "PriceOutOfBounds(actual=7, min=1, max=5)"
    not_buyer = keccak(text="NotBuyer(address,address)")[:4] + encode(["address"] * 2, ADDRESSES[:2])
    assert decode_revert(not_buyer) == Revert("NotBuyer", {"actual": ADDRESSES[0], "required": ADDRESSES[1]})


def test_solidity_s_own_errors_are_known() -> None:
    text = keccak(text="Error(string)")[:4] + encode(["string"], ["FiatToken: paused"])
    assert decode_revert(text) == Revert("Error", {"message": "FiatToken: paused"})
    panic = keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [17])
    assert decode_revert(panic) == Revert("Panic", {"code": "17"})


@pytest.mark.parametrize("data", [b"", b"\1\2", b"\xde\xad\xbe\xef", keccak(text="Error(string)")[:4] + b"\1"])
def test_other_data_names_no_error(data: bytes) -> None:
    assert decode_revert(data) is None


def test_hashes_keep_their_bytes() -> None:
    assert contracts.hash_bytes(Hash32("0x" + "ab" * 32)) == b"\xab" * 32
