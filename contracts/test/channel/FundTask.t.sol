// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel} from "../../src/interfaces/IPaymentChannel.sol";
import {ITaskEscrow, State, Terms} from "../../src/interfaces/ITaskEscrow.sol";

/// A channel's money becomes a task's.
contract ChannelFundTaskTest is ChannelTest {
    bytes32 private constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    uint96 private constant TASK_BUDGET = 40e6;

    function test_moves_the_budget_into_the_task() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, 0);
        bytes memory fund = _fundAuth(terms);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelFundedTask(channelId, taskId, TASK_BUDGET, DEPOSIT - TASK_BUDGET);
        vm.prank(payer);
        vm.assertEq(channels.fundTask(channel, terms, 0, "", byAgent, fund), taskId);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT - TASK_BUDGET, 0);
        _assertState(taskId, State.Funded);
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT - TASK_BUDGET);
        vm.assertEq(usdc.balanceOf(address(escrow)), TASK_BUDGET);
        vm.assertEq(usdc.allowance(address(channels), address(escrow)), 0);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - DEPOSIT);
    }

    function test_carried_with_both_signatures_once() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        _fundTask(channel, terms, 0);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT - TASK_BUDGET, 0);
        bytes32 taskId = escrow.taskIdOf(terms);
        _expectRefused(channel, terms, 0, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        vm.prank(payer);
        escrow.reclaim(_reclaimable(terms));
        _expectRefused(channel, terms, 0, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
    }

    function test_the_sequencer_speaks_for_many_payees() public {
        Channel memory channel = _sequenced();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        bytes memory bySequencer = _auth(AUCTIONEER_KEY, channel, terms, 0);
        bytes memory fund = _fundAuth(terms);
        vm.prank(payer);
        channels.fundTask(channel, terms, 0, "", bySequencer, fund);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT - TASK_BUDGET, 0);
    }

    /// INV-39: the payer moves nothing that his payee counts on: into a task he could cancel it and have it back at once.
    function test_refuses_a_payer_who_moves_the_channel_alone() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        bytes memory byPayer = _auth(BUYER_KEY, channel, terms, 0);
        bytes memory fund = _fundAuth(terms);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.NotParty.selector, payer, agent));
        vm.prank(payer);
        channels.fundTask(channel, terms, 0, "", "", fund);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, agent));
        channels.fundTask(channel, terms, 0, byPayer, byPayer, fund);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
    }

    function test_refuses_a_payee_who_moves_it_alone() public {
        Channel memory channel = _withAgent();
        _open(channel);
        Terms memory terms = _task();
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, 0);
        bytes memory fund = _fundAuth(terms);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer));
        channels.fundTask(channel, terms, 0, byAgent, byAgent, fund);
    }

    /// What a task gives back goes to its buyer: never to anybody but the channel's payer.
    function test_refuses_a_task_of_another_buyer() public {
        Channel memory channel = _withAgent();
        _open(channel);
        Terms memory terms = _task();
        terms.buyer = stranger;
        _expectRefused(channel, terms, 0, abi.encodeWithSelector(IPaymentChannel.NotParty.selector, stranger, payer));
    }

    function test_refuses_terms_that_were_not_signed() public {
        Channel memory channel = _withAgent();
        _open(channel);
        Terms memory terms = _task();
        bytes memory byPayer = _auth(BUYER_KEY, channel, terms, 0);
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, 0);
        terms.arbiter = stranger;
        bytes memory fund = _fundAuth(terms);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer));
        channels.fundTask(channel, terms, 0, byPayer, byAgent, fund);
    }

    /// The escrow asks the buyer himself, whoever brings the money.
    function test_refuses_without_the_buyers_word_to_the_escrow() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, 0);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, channels, payer));
        vm.prank(payer);
        channels.fundTask(channel, terms, 0, "", byAgent, "");
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 0);
    }

    function test_refuses_more_than_is_left() public {
        Channel memory channel = _withAgent();
        _open(channel);
        _redeemTo(channel, agent, DEPOSIT - TASK_BUDGET + 1);
        _expectRefused(channel, _task(), 0, _outside(TASK_BUDGET, 1, TASK_BUDGET - 1));
    }

    function test_takes_all_that_is_left() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, agent, DEPOSIT - TASK_BUDGET);
        _fundTask(channel, _task(), 0);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT - TASK_BUDGET, DEPOSIT - TASK_BUDGET);
        _close(channel);
        vm.assertEq(usdc.balanceOf(address(channels)), 0);
    }

    /// A payee who signs while holding vouchers says how much of the deposit must stay.
    function test_keeps_the_deposit_that_the_payee_counts_on() public {
        Channel memory channel = _withAgent();
        _open(channel);
        uint96 kept = DEPOSIT - TASK_BUDGET + 1;
        _expectRefused(channel, _task(), kept, _outside(DEPOSIT - TASK_BUDGET, kept, type(uint96).max));
        _fundTask(channel, _task(), kept - 1);
    }

    /// Neither a redemption nor a gift makes the signatures stale.
    function test_what_comes_and_goes_meanwhile_changes_nothing() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _task();
        bytes memory byPayer = _auth(BUYER_KEY, channel, terms, DEPOSIT - TASK_BUDGET);
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, DEPOSIT - TASK_BUDGET);
        bytes memory fund = _fundAuth(terms);
        _redeemTo(channel, agent, 30e6);
        vm.prank(payer);
        channels.topUp(channel, 1);
        channels.fundTask(channel, terms, DEPOSIT - TASK_BUDGET, byPayer, byAgent, fund);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT - TASK_BUDGET + 1, 30e6);
    }

    function test_refuses_unless_the_channel_is_open() public {
        Channel memory channel = _withAgent();
        _expectRefused(channel, _task(), 0, _wrong(ChannelState.None));
        _open(channel);
        _startClose(channel);
        _expectRefused(channel, _task(), 0, _wrong(ChannelState.Closing));
        _skip(CHALLENGE + 1);
        channels.finishClose(channel);
        _expectRefused(channel, _task(), 0, _wrong(ChannelState.Closed));
    }

    /// A voucher that the smaller deposit no longer covers is cut, as its payee agreed.
    function test_later_vouchers_have_what_is_left() public {
        Channel memory channel = _withAgent();
        _open(channel);
        _redeemTo(channel, agent, 10e6);
        _fundTask(channel, _task(), 0);
        vm.assertEq(_redeemTo(channel, agent, DEPOSIT), DEPOSIT - TASK_BUDGET - 10e6);
        vm.assertEq(usdc.balanceOf(address(channels)), 0);
    }

    function _task() private view returns (Terms memory terms) {
        terms = _directHire();
        terms.budget = TASK_BUDGET;
    }

    function _reclaimable(Terms memory terms) private returns (Terms memory) {
        vm.warp(terms.deliverBy + 1);
        return terms;
    }

    function _fundTask(Channel memory channel, Terms memory terms, uint96 minDeposit) private {
        bytes memory byPayer = _auth(BUYER_KEY, channel, terms, minDeposit);
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, minDeposit);
        bytes memory fund = _fundAuth(terms);
        vm.prank(stranger);
        channels.fundTask(channel, terms, minDeposit, byPayer, byAgent, fund);
    }

    function _auth(uint256 key, Channel memory channel, Terms memory terms, uint96 minDeposit)
        private
        view
        returns (bytes memory)
    {
        bytes32 channelId = channels.channelIdOf(channel);
        bytes32 taskId = escrow.taskIdOf(terms);
        return _channelAuth(key, abi.encode(FUND_TASK, channelId, taskId, terms.budget, minDeposit, _soon()));
    }

    function _fundAuth(Terms memory terms) private view returns (bytes memory) {
        return _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
    }

    function _outside(uint256 actual, uint256 min, uint256 max) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.AmountOutOfBounds.selector, actual, min, max);
    }

    function _wrong(ChannelState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IPaymentChannel.WrongState.selector, state);
    }

    function _expectRefused(Channel memory channel, Terms memory terms, uint96 minDeposit, bytes memory reason)
        private
    {
        bytes memory byPayer = _auth(BUYER_KEY, channel, terms, minDeposit);
        bytes memory byAgent = _auth(AGENT_KEY, channel, terms, minDeposit);
        bytes memory fund = _fundAuth(terms);
        vm.expectRevert(reason);
        channels.fundTask(channel, terms, minDeposit, byPayer, byAgent, fund);
    }
}
