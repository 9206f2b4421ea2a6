// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel} from "../../src/interfaces/IPaymentChannel.sol";

/// The agent is the only payee here, since he has a key.
contract ChannelCloseTogetherTest is ChannelTest {
    bytes32 private constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");

    function test_pays_both_at_once() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, agent, 30e6);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, 45e6);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelClosed(channelId, 15e6, 55e6, true);
        vm.prank(payer);
        channels.closeTogether(channel, 45e6, "", byAgent);
        _assertChannel(channelId, ChannelState.Closed, 45e6, 45e6);
        vm.assertEq(usdc.balanceOf(agent), 45e6);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 45e6);
        vm.assertEq(usdc.balanceOf(address(channels)), 0);
    }

    function test_carried_with_both_signatures() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, 0);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, 0);
        vm.prank(stranger);
        channels.closeTogether(channel, 0, byPayer, byAgent);
        _assertChannel(channelId, ChannelState.Closed, 0, 0);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6);
    }

    function test_cuts_a_challenge_period_short() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        _startClose(channel);
        _skip(CHALLENGE + 1);
        _closeTogether(channel, DEPOSIT);
        _assertChannel(channelId, ChannelState.Closed, DEPOSIT, DEPOSIT);
        vm.assertEq(usdc.balanceOf(agent), DEPOSIT);
    }

    /// What was signed is the payee's total: a top-up in between goes to the payer, a redemption changes nothing.
    function test_means_the_total_whatever_happened_meanwhile() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, 45e6);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, 45e6);
        _redeemTo(channel, agent, 40e6);
        vm.prank(payer);
        channels.topUp(channel, 20e6);
        channels.closeTogether(channel, 45e6, byPayer, byAgent);
        vm.assertEq(usdc.balanceOf(agent), 45e6);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 45e6);
    }

    function test_refuses_less_than_was_redeemed_and_more_than_there_is() public {
        Channel memory channel = _withAgent();
        _open(channel);
        _redeemTo(channel, agent, 30e6);
        _expectRefused(channel, 30e6 - 1, _outside(30e6 - 1, 30e6, DEPOSIT));
        _expectRefused(channel, DEPOSIT + 1, _outside(DEPOSIT + 1, 30e6, DEPOSIT));
    }

    function test_refuses_either_alone() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, 0);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, DEPOSIT);
        _expectRevert(channel, 0, "", "", payer, _notParty(payer, agent));
        _expectRevert(channel, 0, byPayer, byPayer, stranger, _badSignature(agent));
        _expectRevert(channel, DEPOSIT, "", "", agent, _notParty(agent, payer));
        _expectRevert(channel, DEPOSIT, byAgent, byAgent, stranger, _badSignature(payer));
    }

    /// INV-39: signing vouchers is all that the payer's delegate may do.
    function test_refuses_the_signer_in_the_payers_place() public {
        Channel memory channel = _withAgent();
        channel.signer = signer;
        bytes32 channelId = _open(channel);
        bytes memory bySigner = _closeAuth(SIGNER_KEY, channelId, DEPOSIT);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, DEPOSIT);
        _expectRevert(channel, DEPOSIT, bySigner, byAgent, stranger, _badSignature(payer));
    }

    function test_refuses_a_sum_that_one_of_them_did_not_sign() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, 20e6);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, 30e6);
        _expectRevert(channel, 30e6, byPayer, byAgent, stranger, _badSignature(payer));
        _expectRevert(channel, 20e6, byPayer, byAgent, stranger, _badSignature(agent));
    }

    function test_refuses_what_is_not_open() public {
        Channel memory channel = _withAgent();
        _expectRefused(channel, 0, abi.encodeWithSelector(IPaymentChannel.WrongState.selector, ChannelState.None));
        _open(channel);
        _closeTogether(channel, 0);
        _expectRefused(channel, 0, abi.encodeWithSelector(IPaymentChannel.WrongState.selector, ChannelState.Closed));
    }

    // many payees

    /// The sequencer says what must have been redeemed; payees were paid by then, the rest goes back.
    function test_the_sequencer_releases_the_rest() public {
        Channel memory channel = _sequenced();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, payee, 30e6);
        _redeemTo(channel, agent, 20e6);
        bytes memory bySequencer = _closeAuth(AUCTIONEER_KEY, channelId, 50e6);
        vm.prank(payer);
        channels.closeTogether(channel, 50e6, "", bySequencer);
        _assertChannel(channelId, ChannelState.Closed, 50e6, 50e6);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 50e6);
        vm.assertEq(uint256(channels.paidTo(channel, agent)), 20e6);
    }

    function test_the_sequencer_keeps_what_was_not_redeemed_yet() public {
        Channel memory channel = _sequenced();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, payee, 30e6);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, 50e6);
        bytes memory bySequencer = _closeAuth(AUCTIONEER_KEY, channelId, 50e6);
        _expectRevert(channel, 50e6, byPayer, bySequencer, stranger, _outside(50e6, 0, 30e6));
        _redeemTo(channel, agent, 25e6);
        channels.closeTogether(channel, 50e6, byPayer, bySequencer);
        _assertChannel(channelId, ChannelState.Closed, 55e6, 55e6);
    }

    function test_many_payees_do_not_close() public {
        Channel memory channel = _sequenced();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, agent, 20e6);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, 20e6);
        _expectRevert(channel, 20e6, "", byAgent, payer, _badSignature(sequencer));
    }

    /// INV-30: nothing is made or lost, whatever they agree on.
    function testFuzz_conserves_the_deposit(uint96 deposit, uint96 redeemed, uint96 cumulative) public {
        Channel memory channel = _withAgent();
        deposit = uint96(deposit % 1_000_000e6) + 1;
        redeemed = uint96(redeemed % (uint256(deposit) + 1));
        cumulative = redeemed + uint96(cumulative % (uint256(deposit - redeemed) + 1));
        _openWith(channel, deposit);
        if (redeemed != 0) _redeemTo(channel, agent, redeemed);
        _closeTogether(channel, cumulative);
        vm.assertEq(usdc.balanceOf(agent), cumulative);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - cumulative);
        vm.assertEq(usdc.balanceOf(address(channels)), 0);
    }

    function _closeTogether(Channel memory channel, uint96 cumulative) private {
        bytes32 channelId = channels.channelIdOf(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, cumulative);
        channels.closeTogether(channel, cumulative, byPayer, _closeAuth(AGENT_KEY, channelId, cumulative));
    }

    function _closeAuth(uint256 key, bytes32 channelId, uint96 cumulative) private view returns (bytes memory) {
        return _channelAuth(key, abi.encode(CLOSE_TOGETHER, channelId, cumulative, _soon()));
    }

    function _outside(uint256 actual, uint256 min, uint256 max) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.AmountOutOfBounds.selector, actual, min, max);
    }

    function _notParty(address actual, address required) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.NotParty.selector, actual, required);
    }

    function _badSignature(address of_) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, of_);
    }

    function _expectRefused(Channel memory channel, uint96 cumulative, bytes memory reason) private {
        bytes32 channelId = channels.channelIdOf(channel);
        bytes memory byPayer = _closeAuth(BUYER_KEY, channelId, cumulative);
        bytes memory byAgent = _closeAuth(AGENT_KEY, channelId, cumulative);
        _expectRevert(channel, cumulative, byPayer, byAgent, stranger, reason);
    }

    function _expectRevert(
        Channel memory channel,
        uint96 cumulative,
        bytes memory payerAuth,
        bytes memory counterAuth,
        address sender,
        bytes memory reason
    ) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        channels.closeTogether(channel, cumulative, payerAuth, counterAuth);
    }
}
