// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {State} from "../interfaces/ITaskEscrow.sol";

/// @notice One task in one word, from the lowest bit:
/// remaining 96 | since 40 | agentId 44 | high part of the agent's address 64 | state 4 | paid 1 | rated 1 |
/// open children 4 | free 2.
type TaskSlot is uint256;

using {
    remainingOf,
    sinceOf,
    agentIdOf,
    agentHighOf,
    stateOf,
    isIn,
    isHeldUpTo,
    paidOf,
    ratedOf,
    openChildrenOf,
    withRemaining,
    entering,
    submitted,
    hiring,
    delegating,
    receiving,
    tombstone,
    rating
} for TaskSlot global;

uint256 constant SINCE_AT = 96;
uint256 constant AGENT_ID_AT = 136;
uint256 constant AGENT_AT = 180;
uint256 constant STATE_AT = 244;
uint256 constant PAID = 1 << 248;
uint256 constant RATED = 1 << 249;
uint256 constant OPEN_CHILDREN_AT = 250;

uint256 constant REMAINING_MASK = (1 << 96) - 1;
uint256 constant AGENT_ID_MASK = (1 << 44) - 1;

/// @notice A task that holds `budget` from now on.
function funded(uint96 budget) view returns (TaskSlot) {
    return _holding(budget, State.Funded);
}

/// @notice A task that holds the price it was awarded at, from now on; its agent is still to be set.
function awarded(uint96 price) view returns (TaskSlot) {
    return _holding(price, State.Awarded);
}

/// @dev Terms whose deliverBy has passed are neither funded nor awarded, so the time is below 2^40.
function _holding(uint96 amount, State state) view returns (TaskSlot) {
    return TaskSlot.wrap(amount | (block.timestamp << SINCE_AT) | (uint256(state) << STATE_AT));
}

function remainingOf(TaskSlot task) pure returns (uint96) {
    return uint96(TaskSlot.unwrap(task));
}

function sinceOf(TaskSlot task) pure returns (uint40) {
    return uint40(TaskSlot.unwrap(task) >> SINCE_AT);
}

function agentIdOf(TaskSlot task) pure returns (uint256) {
    return (TaskSlot.unwrap(task) >> AGENT_ID_AT) & AGENT_ID_MASK;
}

function agentHighOf(TaskSlot task) pure returns (uint64) {
    return uint64(TaskSlot.unwrap(task) >> AGENT_AT);
}

function stateOf(TaskSlot task) pure returns (State) {
    return State(_rankOf(task));
}

function isIn(TaskSlot task, State state) pure returns (bool) {
    return _rankOf(task) == uint256(state);
}

/// @notice Money is held, and the task has come no further than `last`.
function isHeldUpTo(TaskSlot task, State last) pure returns (bool) {
    uint256 rank = _rankOf(task);
    return rank != uint256(State.None) && rank <= uint256(last);
}

/// @dev A number compares without the checks that the compiler makes of an enum's value each time.
function _rankOf(TaskSlot task) pure returns (uint256) {
    return (TaskSlot.unwrap(task) >> STATE_AT) & 0xf;
}

/// @notice Whether any money of this task has reached its agent.
function paidOf(TaskSlot task) pure returns (bool) {
    return TaskSlot.unwrap(task) & PAID != 0;
}

/// @notice Whether its buyer has said what he thinks of the agent.
function ratedOf(TaskSlot task) pure returns (bool) {
    return TaskSlot.unwrap(task) & RATED != 0;
}

function openChildrenOf(TaskSlot task) pure returns (uint8) {
    return uint8((TaskSlot.unwrap(task) >> OPEN_CHILDREN_AT) & 0xf);
}

/// @notice The same task after a payment to the agent.
function withRemaining(TaskSlot task, uint96 remaining) pure returns (TaskSlot) {
    return TaskSlot.wrap((TaskSlot.unwrap(task) & ~REMAINING_MASK) | remaining | PAID);
}

/// @notice The same task in another state, since now: one time serves every window.
function entering(TaskSlot task, State state) view returns (TaskSlot) {
    return _inStateSince(task, state, block.timestamp);
}

/// @notice Submitted since now, but always later than before: a signed submission names the `since` that it saw, so
/// even within one second it can never be carried twice.
function submitted(TaskSlot task) view returns (TaskSlot) {
    uint256 since = task.sinceOf();
    return _inStateSince(task, State.Submitted, block.timestamp > since ? block.timestamp : since + 1);
}

/// @dev `since` stays at the last second of uint40 rather than spill into the agent's id.
function _inStateSince(TaskSlot task, State state, uint256 since) pure returns (TaskSlot) {
    if (since > type(uint40).max) since = type(uint40).max;
    uint256 kept = TaskSlot.unwrap(task) & ~((uint256(type(uint40).max) << SINCE_AT) | (uint256(0xf) << STATE_AT));
    return TaskSlot.wrap(kept | (since << SINCE_AT) | (uint256(state) << STATE_AT));
}

/// @notice The same task with its agent id (below 2^44) and the high part of the agent's address, both unset so far.
function hiring(TaskSlot task, uint256 agentId, uint64 agentHigh) pure returns (TaskSlot) {
    return TaskSlot.wrap(TaskSlot.unwrap(task) | (agentId << AGENT_ID_AT) | (uint256(agentHigh) << AGENT_AT));
}

/// @notice The same task with one more open child, which holds `amount` of what remained. The caller has checked that
/// so much remained and that there is room for a child.
function delegating(TaskSlot task, uint96 amount) pure returns (TaskSlot) {
    return TaskSlot.wrap(TaskSlot.unwrap(task) - amount + (1 << OPEN_CHILDREN_AT));
}

/// @notice The same task with `amount` back from a child, which may have `ended`. It never holds more than its budget.
function receiving(TaskSlot task, uint96 amount, bool ended) pure returns (TaskSlot) {
    return TaskSlot.wrap(TaskSlot.unwrap(task) + amount - (ended ? 1 << OPEN_CHILDREN_AT : 0));
}

/// @notice What is kept of a finished task, so that its id is never funded again.
function tombstone(TaskSlot task, State state, bool paid) pure returns (TaskSlot) {
    uint256 kept = TaskSlot.unwrap(task) & ((AGENT_ID_MASK << AGENT_ID_AT) | PAID);
    return TaskSlot.wrap(kept | (uint256(state) << STATE_AT) | (paid ? PAID : 0));
}

function rating(TaskSlot task) pure returns (TaskSlot) {
    return TaskSlot.wrap(TaskSlot.unwrap(task) | RATED);
}
