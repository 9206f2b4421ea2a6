// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {ChannelState} from "../src/interfaces/IPaymentChannel.sol";
import {State} from "../src/interfaces/ITaskEscrow.sol";
import {ChannelSlot, closed, opened} from "../src/channel/ChannelSlot.sol";
import {TaskSlot, AGENT_ID_MASK, funded, tombstone} from "../src/escrow/TaskSlot.sol";

/// @title The packed words: each step writes its own fields, as told, and no other bit.
contract SlotProof {
    uint256 private constant SINCE = uint256(type(uint40).max) << 96;
    uint256 private constant AGENT_ID = AGENT_ID_MASK << 136;
    uint256 private constant AGENT = uint256(type(uint64).max) << 180;
    uint256 private constant STATE = uint256(0xf) << 244;
    uint256 private constant PAID = 1 << 248;
    uint256 private constant RATED = 1 << 249;
    uint256 private constant CHILDREN = uint256(0xf) << 250;
    uint256 private constant REMAINING = type(uint96).max;
    uint256 private constant DEPOSIT = type(uint96).max;
    uint256 private constant SETTLED = uint256(type(uint96).max) << 96;

    function check_the_fields_of_a_task_are_all_of_its_word(uint256 word) external pure {
        TaskSlot task = TaskSlot.wrap(word);
        vm.assume((word & STATE) >> 244 <= uint256(State.Refunded));
        uint256 flags = (task.paidOf() ? PAID : 0) | (task.ratedOf() ? RATED : 0);
        uint256 rebuilt = task.remainingOf() | uint256(task.sinceOf()) << 96 | task.agentIdOf() << 136
            | uint256(task.agentHighOf()) << 180 | uint256(task.stateOf()) << 244 | flags
            | uint256(task.openChildrenOf()) << 250;
        assert(rebuilt == word & (type(uint256).max >> 2));
    }

    function check_funded(uint96 budget, uint40 time) external {
        vm.warp(time);
        uint256 expected = budget | uint256(time) << 96 | uint256(State.Funded) << 244;
        assert(TaskSlot.unwrap(funded(budget)) == expected);
    }

    function check_withRemaining(TaskSlot task, uint96 remaining) external pure {
        TaskSlot next = task.withRemaining(remaining);
        assert(next.remainingOf() == remaining && next.paidOf());
        _assertKept(task, next, REMAINING | PAID);
    }

    function check_entering(TaskSlot task, State state, uint40 time) external {
        vm.warp(time);
        TaskSlot next = task.entering(state);
        assert(next.stateOf() == state && next.sinceOf() == time);
        _assertKept(task, next, STATE | SINCE);
    }

    /// Later than before, except in the last second of uint40, and never into another field.
    function check_submitted(TaskSlot task, uint48 time) external {
        vm.warp(time);
        TaskSlot next = task.submitted();
        assert(next.stateOf() == State.Submitted);
        assert(next.sinceOf() > task.sinceOf() || task.sinceOf() == type(uint40).max);
        assert(next.sinceOf() >= time || time > type(uint40).max);
        _assertKept(task, next, STATE | SINCE);
    }

    function check_hiring(TaskSlot task, uint256 agentId, uint64 agentHigh) external pure {
        vm.assume(agentId <= AGENT_ID_MASK);
        vm.assume(TaskSlot.unwrap(task) & (AGENT_ID | AGENT) == 0);
        TaskSlot next = task.hiring(agentId, agentHigh);
        assert(next.agentIdOf() == agentId && next.agentHighOf() == agentHigh);
        _assertKept(task, next, AGENT_ID | AGENT);
    }

    function check_delegating_and_receiving(TaskSlot task, uint96 amount, bool ended) external pure {
        vm.assume(amount <= task.remainingOf() && task.openChildrenOf() < 15);
        TaskSlot lent = task.delegating(amount);
        assert(lent.remainingOf() == task.remainingOf() - amount);
        assert(lent.openChildrenOf() == task.openChildrenOf() + 1);
        _assertKept(task, lent, REMAINING | CHILDREN);
        TaskSlot back = lent.receiving(amount, ended);
        assert(back.remainingOf() == task.remainingOf());
        assert(back.openChildrenOf() == task.openChildrenOf() + (ended ? 0 : 1));
        _assertKept(task, back, CHILDREN);
    }

    /// A tombstone is never empty, so that its id is never funded again.
    function check_tombstone(TaskSlot task, State state, bool paid) external pure {
        vm.assume(state > State.Disputed);
        TaskSlot end = tombstone(task, state, paid);
        assert(end.stateOf() == state && end.agentIdOf() == task.agentIdOf());
        assert(end.paidOf() == (paid || task.paidOf()));
        assert(TaskSlot.unwrap(end) & ~(STATE | AGENT_ID | PAID) == 0 && TaskSlot.unwrap(end) != 0);
        assert(end.rating().ratedOf() && TaskSlot.unwrap(end.rating()) == TaskSlot.unwrap(end) | RATED);
    }

    function check_opened_and_closed_channels(uint96 amount) external pure {
        assert(opened(amount).depositOf() == amount && opened(amount).settledOf() == 0);
        assert(opened(amount).stateOf() == ChannelState.Open && opened(amount).closesAtOf() == 0);
        assert(closed(amount).leftOf() == 0 && closed(amount).settledOf() == amount);
        assert(closed(amount).stateOf() == ChannelState.Closed);
    }

    function check_the_steps_of_a_channel(ChannelSlot slot, uint96 amount, uint40 time) external pure {
        assert(slot.withDeposit(amount).depositOf() == amount);
        _assertKept(slot, slot.withDeposit(amount), DEPOSIT);
        vm.assume(uint256(slot.settledOf()) + amount <= slot.depositOf());
        assert(slot.settling(amount).settledOf() == slot.settledOf() + amount);
        _assertKept(slot, slot.settling(amount), SETTLED);
        ChannelSlot next = slot.closing(time);
        assert(next.closesAtOf() == time && next.stateOf() == ChannelState.Closing);
        assert(next.depositOf() == slot.depositOf() && next.settledOf() == slot.settledOf());
    }

    function _assertKept(TaskSlot before, TaskSlot next, uint256 changed) private pure {
        assert(TaskSlot.unwrap(before) & ~changed == TaskSlot.unwrap(next) & ~changed);
    }

    function _assertKept(ChannelSlot before, ChannelSlot next, uint256 changed) private pure {
        assert(ChannelSlot.unwrap(before) & ~changed == ChannelSlot.unwrap(next) & ~changed);
    }
}
