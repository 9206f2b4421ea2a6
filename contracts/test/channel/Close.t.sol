// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel} from "../../src/interfaces/IPaymentChannel.sol";

/// startClose and finishClose: the payer's own way out.
contract ChannelCloseTest is ChannelTest {
    bytes32 private constant START_CLOSE = keccak256("StartClose(bytes32 channelId,uint40 deadline)");

    function test_begins_the_challenge_period() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        uint40 closesAt = uint40(_now() + CHALLENGE);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelClosing(channelId, closesAt);
        vm.prank(payer);
        channels.startClose(channel, "");
        (ChannelState state,,, uint40 until) = channels.channelOf(channelId);
        vm.assertEq(uint256(state), uint256(ChannelState.Closing));
        vm.assertEq(uint256(until), uint256(closesAt));
    }

    /// An end that wrapped to a time long past would leave the payees no challenge at all.
    function test_a_period_that_reaches_beyond_uint40_lasts_to_its_last_second() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        vm.warp(type(uint40).max - 1);
        vm.prank(payer);
        channels.startClose(channel, "");
        (,,, uint40 until) = channels.channelOf(channelId);
        vm.assertEq(uint256(until), type(uint40).max);
        vm.expectRevert(
            abi.encodeWithSelector(IPaymentChannel.TooEarly.selector, type(uint40).max - 1, type(uint40).max)
        );
        channels.finishClose(channel);
        vm.warp(uint256(type(uint40).max) + 1);
        channels.finishClose(channel);
        _assertChannel(channelId, ChannelState.Closed, 0, 0);
    }

    function test_starts_with_the_payers_signature() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        bytes memory auth = _startAuth(BUYER_KEY, channelId);
        vm.prank(stranger);
        channels.startClose(channel, auth);
        _assertChannel(channelId, ChannelState.Closing, DEPOSIT, 0);
    }

    /// INV-39
    function test_only_the_payer_starts() public {
        Channel memory channel = _bilateral();
        channel.signer = signer;
        bytes32 channelId = _open(channel);
        address[3] memory others = [payee, signer, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.NotParty.selector, others[i], payer));
            vm.prank(others[i]);
            channels.startClose(channel, "");
        }
        bytes memory auth = _startAuth(SIGNER_KEY, channelId);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer));
        channels.startClose(channel, auth);
    }

    /// A second start would move closesAt: neither forward to hurry the payee nor back.
    function test_starts_once() public {
        Channel memory channel = _bilateral();
        _expectStartRefused(channel, ChannelState.None);
        _open(channel);
        _startClose(channel);
        _expectStartRefused(channel, ChannelState.Closing);
        _skip(CHALLENGE + 1);
        channels.finishClose(channel);
        _expectStartRefused(channel, ChannelState.Closed);
    }

    /// INV-38: the payer's exit, which needs nobody else.
    function test_finishes_strictly_after_the_challenge_period() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        _redeem(channel, 30e6);
        _startClose(channel);
        uint256 closesAt = _now() + CHALLENGE;
        vm.warp(closesAt);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.TooEarly.selector, closesAt, closesAt));
        channels.finishClose(channel);
        vm.warp(closesAt + 1);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelClosed(channelId, 0, 70e6, false);
        vm.prank(stranger);
        channels.finishClose(channel);
        _assertChannel(channelId, ChannelState.Closed, 30e6, 30e6);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 30e6);
        vm.assertEq(usdc.balanceOf(address(channels)), 0);
    }

    /// INV-35: the end absorbs.
    function test_refuses_to_finish_unless_it_is_closing() public {
        Channel memory channel = _bilateral();
        _expectFinishRefused(channel, ChannelState.None);
        _open(channel);
        _expectFinishRefused(channel, ChannelState.Open);
        _close(channel);
        _expectFinishRefused(channel, ChannelState.Closed);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6);
    }

    function test_an_exhausted_channel_closes_too() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        _redeem(channel, DEPOSIT);
        _close(channel);
        _assertChannel(channelId, ChannelState.Closed, DEPOSIT, DEPOSIT);
        vm.assertEq(uint256(channels.paidTo(channel, payee)), DEPOSIT);
    }

    function test_a_blacklisted_payer_is_owed() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        _startClose(channel);
        _skip(CHALLENGE + 1);
        usdc.blacklist(payer);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.PaymentOwed(channelId, payer, DEPOSIT);
        channels.finishClose(channel);
        _assertChannel(channelId, ChannelState.Closed, 0, 0);
        usdc.unBlacklist(payer);
        channels.withdraw(payer);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6);
    }

    /// INV-38
    function testFuzz_the_period_is_the_channels(uint32 challenge) public {
        Channel memory channel = _bilateral();
        channel.challengeSeconds = challenge % 30 days + 1;
        bytes32 channelId = _open(channel);
        _startClose(channel);
        (,,, uint40 closesAt) = channels.channelOf(channelId);
        vm.assertEq(uint256(closesAt), _now() + channel.challengeSeconds);
        vm.warp(closesAt);
        _redeem(channel, 1);
        vm.warp(uint256(closesAt) + 1);
        channels.finishClose(channel);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 1);
    }

    function _startAuth(uint256 key, bytes32 channelId) private view returns (bytes memory) {
        return _channelAuth(key, abi.encode(START_CLOSE, channelId, _soon()));
    }

    function _expectStartRefused(Channel memory channel, ChannelState state) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.WrongState.selector, state));
        _startClose(channel);
    }

    function _expectFinishRefused(Channel memory channel, ChannelState state) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.WrongState.selector, state));
        channels.finishClose(channel);
    }
}
