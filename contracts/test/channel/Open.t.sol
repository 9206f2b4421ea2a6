// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Channel, ChannelState, IPaymentChannel} from "../../src/interfaces/IPaymentChannel.sol";
import {Authorization, PermitSignature} from "../../src/interfaces/Terms.sol";

contract ChannelOpenTest is ChannelTest {
    bytes32 private constant OPEN = keccak256("Open(bytes32 channelId,uint96 amount,uint40 deadline)");

    function test_takes_the_deposit_and_tells_the_channel() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = channels.channelIdOf(channel);
        vm.assertEq(channelId, keccak256(abi.encode(block.chainid, address(channels), channel)));
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelOpened(channelId, channel, DEPOSIT);
        vm.assertEq(_open(channel), channelId);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT);
        vm.assertEq(channels.token(), escrow.token());
    }

    function test_takes_as_much_as_a_word_holds() public {
        usdc.mint(payer, type(uint96).max);
        _assertChannel(_openWith(_bilateral(), type(uint96).max), ChannelState.Open, type(uint96).max, 0);
    }

    function test_carried_with_the_payers_signature_once() public {
        Channel memory channel = _sequenced();
        bytes memory auth = _openAuth(BUYER_KEY, channel, DEPOSIT);
        vm.prank(stranger);
        bytes32 channelId = channels.open(channel, DEPOSIT, auth);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.ChannelExists.selector, channelId));
        channels.open(channel, DEPOSIT, auth);
    }

    /// INV-39: an allowance is for the contract, not for whoever names a channel.
    function test_refuses_a_channel_that_a_stranger_invented() public {
        Channel memory channel = _bilateral();
        channel.payee = stranger;
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.NotParty.selector, stranger, payer));
        vm.prank(stranger);
        channels.open(channel, DEPOSIT, "");
        _expectRefused(channel, _openAuth(STRANGER_KEY, channel, DEPOSIT), _badSignature());
    }

    /// INV-39: a key that writes vouchers does not spend the allowance.
    function test_refuses_the_signer_in_the_payers_place() public {
        Channel memory channel = _bilateral();
        channel.signer = signer;
        _expectRefused(channel, _openAuth(SIGNER_KEY, channel, DEPOSIT), _badSignature());
    }

    function test_refuses_a_signature_for_another_amount_channel_or_time() public {
        Channel memory channel = _bilateral();
        _expectRefused(channel, _openAuth(BUYER_KEY, channel, DEPOSIT - 1), _badSignature());
        bytes memory auth = _openAuth(BUYER_KEY, channel, DEPOSIT);
        Channel memory other = _bilateral();
        other.salt = keccak256("other");
        _expectRefused(other, auth, _badSignature());
        _expectRefused(channel, hex"01020304", abi.encodeWithSelector(IPaymentChannel.BadAuth.selector, 4));
        uint40 deadline = _soon();
        vm.warp(deadline + 1);
        _expectRefused(
            channel, auth, abi.encodeWithSelector(IPaymentChannel.IntentExpired.selector, deadline + 1, deadline)
        );
    }

    function test_by_authorization_whoever_carries_it() public {
        Channel memory channel = _bilateral();
        Authorization memory authorization = _openAuthorization(channel, DEPOSIT);
        vm.prank(stranger);
        bytes32 channelId = channels.openWithAuthorization(channel, DEPOSIT, authorization);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.ChannelExists.selector, channelId));
        channels.openWithAuthorization(channel, DEPOSIT, authorization);
    }

    function test_refuses_an_authorization_for_another_channel_or_amount() public {
        Channel memory channel = _bilateral();
        Authorization memory authorization = _openAuthorization(channel, DEPOSIT);
        channel.payee = stranger;
        vm.expectRevert("FiatTokenV2: invalid signature");
        channels.openWithAuthorization(channel, DEPOSIT, authorization);
        channel.payee = payee;
        vm.expectRevert("FiatTokenV2: invalid signature");
        channels.openWithAuthorization(channel, DEPOSIT + 1, authorization);
    }

    function test_with_a_permit() public {
        _revokeAllowance();
        Channel memory channel = _bilateral();
        PermitSignature memory permit = _permit(BUYER_KEY, DEPOSIT);
        bytes memory auth = _openAuth(BUYER_KEY, channel, DEPOSIT);
        vm.prank(stranger);
        bytes32 channelId = channels.openWithPermit(channel, DEPOSIT, permit, auth);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
    }

    /// Whoever carries the permit first does not keep the channel from opening.
    function test_with_a_permit_that_was_carried_before() public {
        _revokeAllowance();
        PermitSignature memory permit = _permit(BUYER_KEY, DEPOSIT);
        usdc.permit(payer, address(channels), permit.value, permit.deadline, permit.signature);
        vm.prank(payer);
        bytes32 channelId = channels.openWithPermit(_bilateral(), DEPOSIT, permit, "");
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
    }

    function test_refuses_a_bad_permit_where_no_allowance_is() public {
        _revokeAllowance();
        PermitSignature memory permit = _permit(STRANGER_KEY, DEPOSIT);
        vm.expectRevert("ERC20: transfer amount exceeds allowance");
        vm.prank(payer);
        channels.openWithPermit(_bilateral(), DEPOSIT, permit, "");
    }

    /// INV-39: a permit names no channel: it alone opens none.
    function test_refuses_a_permit_with_a_channel_that_a_stranger_invented() public {
        _revokeAllowance();
        Channel memory channel = _bilateral();
        channel.signer = stranger;
        PermitSignature memory permit = _permit(BUYER_KEY, DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.NotParty.selector, stranger, payer));
        vm.prank(stranger);
        channels.openWithPermit(channel, DEPOSIT, permit, "");
    }

    function test_refuses_neither_and_both_of_payee_and_sequencer() public {
        Channel memory channel = _bilateral();
        channel.payee = address(0);
        _expectUnopenable(channel, abi.encodeWithSelector(IPayouts.BadPayee.selector, address(0)));
        channel = _bilateral();
        channel.sequencer = sequencer;
        _expectUnopenable(channel, abi.encodeWithSelector(IPaymentChannel.PayeeOrSequencer.selector, payee, sequencer));
    }

    function test_refuses_parties_that_are_one() public {
        Channel memory channel = _bilateral();
        channel.payee = payer;
        _expectUnopenable(channel, _notDistinct(payer));
        channel.payee = payee;
        channel.signer = payee;
        _expectUnopenable(channel, _notDistinct(payee));
        channel = _sequenced();
        channel.sequencer = payer;
        _expectUnopenable(channel, _notDistinct(payer));
        channel.sequencer = sequencer;
        channel.signer = sequencer;
        _expectUnopenable(channel, _notDistinct(sequencer));
    }

    /// Not even by a signature that recovers to 0.
    function test_refuses_a_payer_who_is_nobody() public {
        Channel memory channel = _bilateral();
        channel.payer = address(0);
        _expectRefused(channel, "", abi.encodeWithSelector(IPaymentChannel.NotParty.selector, stranger, address(0)));
        bytes memory auth = abi.encodePacked(_soon(), bytes32(0), bytes32(0), uint8(27));
        _expectRefused(channel, auth, abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, address(0)));
    }

    function test_refuses_a_payee_who_cannot_be_paid() public {
        Channel memory channel = _bilateral();
        channel.payee = address(channels);
        _expectUnopenable(channel, abi.encodeWithSelector(IPayouts.BadPayee.selector, channels));
        channel.payee = address(usdc);
        _expectUnopenable(channel, abi.encodeWithSelector(IPayouts.BadPayee.selector, usdc));
    }

    function test_keeps_the_challenge_period_within_its_bounds() public {
        Channel memory channel = _bilateral();
        channel.challengeSeconds = 30 days;
        _open(channel);
        channel.challengeSeconds = 1;
        _open(channel);
        channel.challengeSeconds = 30 days + 1;
        _expectUnopenable(channel, _outside(30 days + 1, 1));
        channel.challengeSeconds = 0;
        _expectUnopenable(channel, _outside(0, 1));
    }

    function test_off_a_local_chain_the_challenge_period_lasts_an_hour() public {
        vm.chainId(137);
        _deployChannels();
        vm.prank(payer);
        usdc.approve(address(channels), type(uint256).max);
        Channel memory channel = _bilateral();
        channel.challengeSeconds = 1 hours - 1;
        _expectUnopenable(channel, _outside(1 hours - 1, 1 hours));
        channel.challengeSeconds = 1 hours;
        _assertChannel(_open(channel), ChannelState.Open, DEPOSIT, 0);
    }

    function test_refuses_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.AmountOutOfBounds.selector, 0, 1, type(uint96).max));
        vm.prank(payer);
        channels.open(_bilateral(), 0, "");
    }

    /// Copied bytes make the id: an address with something above its 160 bits is another id, and opens nothing.
    function test_refuses_fields_with_dirty_bits() public {
        Channel memory channel = _bilateral();
        bytes memory call_ = abi.encodeCall(channels.open, (channel, DEPOSIT, ""));
        for (uint256 field; field < 5; ++field) {
            bytes memory dirty = bytes.concat(call_);
            dirty[4 + 32 * field] = 0x01;
            vm.prank(payer);
            (bool done,) = address(channels).call(dirty);
            vm.assertFalse(done);
        }
        vm.prank(payer);
        (bool clean,) = address(channels).call(call_);
        vm.assertTrue(clean);
    }

    /// INV-35: an id is opened once, whatever became of it.
    function test_refuses_an_id_that_was_used() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        bytes memory reason = abi.encodeWithSelector(IPaymentChannel.ChannelExists.selector, channelId);
        _expectUnopenable(channel, reason);
        _startClose(channel);
        _expectUnopenable(channel, reason);
        _skip(CHALLENGE + 1);
        channels.finishClose(channel);
        _expectUnopenable(channel, reason);
        channel.salt = keccak256("again");
        _open(channel);
    }

    function testFuzz_every_field_makes_another_id(Channel memory channel, uint8 field, bytes32 other) public view {
        bytes memory words = abi.encode(channel);
        uint256 offset = 32 * (uint256(field % 6) + 1);
        assembly ("memory-safe") {
            mstore(add(words, offset), other)
        }
        bytes32 id = channels.channelIdOf(channel);
        vm.assertEq(id, keccak256(abi.encodePacked(block.chainid, abi.encode(channels), abi.encode(channel))));
        bool same = keccak256(words) == keccak256(abi.encode(channel));
        vm.assertTrue(same == (id == keccak256(abi.encodePacked(block.chainid, abi.encode(channels), words))));
    }

    function _openAuth(uint256 key, Channel memory channel, uint96 amount) private view returns (bytes memory) {
        return _channelAuth(key, abi.encode(OPEN, channels.channelIdOf(channel), amount, _soon()));
    }

    function _revokeAllowance() private {
        vm.prank(payer);
        usdc.approve(address(channels), 0);
    }

    function _badSignature() private view returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer);
    }

    function _notDistinct(address party) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.PartiesNotDistinct.selector, party);
    }

    function _outside(uint256 actual, uint256 min) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.WindowOutOfBounds.selector, actual, min, 30 days);
    }

    function _expectUnopenable(Channel memory channel, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(channel.payer);
        channels.open(channel, DEPOSIT, "");
    }

    function _expectRefused(Channel memory channel, bytes memory auth, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        channels.open(channel, DEPOSIT, auth);
    }
}
