// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelState} from "../interfaces/IPaymentChannel.sol";

/// @notice One channel in one word, from the lowest bit: deposit 96 | settled 96 | closesAt 40 | state 8.
type ChannelSlot is uint256;

using {
    depositOf,
    settledOf,
    leftOf,
    closesAtOf,
    stateOf,
    isOpen,
    withDeposit,
    settling,
    closing
} for ChannelSlot global;

uint256 constant SETTLED_AT = 96;
uint256 constant CLOSES_AT_AT = 192;
uint256 constant STATE_AT = 232;

uint256 constant AMOUNT_MASK = (1 << 96) - 1;

function opened(uint96 deposit) pure returns (ChannelSlot) {
    return ChannelSlot.wrap(deposit | (uint256(ChannelState.Open) << STATE_AT));
}

/// @notice What is kept of a closed channel, so that its id is never opened again: what the payees got.
function closed(uint96 settled) pure returns (ChannelSlot) {
    return ChannelSlot.wrap(settled | (uint256(settled) << SETTLED_AT) | (uint256(ChannelState.Closed) << STATE_AT));
}

function depositOf(ChannelSlot slot) pure returns (uint96) {
    return uint96(ChannelSlot.unwrap(slot));
}

function settledOf(ChannelSlot slot) pure returns (uint96) {
    return uint96(ChannelSlot.unwrap(slot) >> SETTLED_AT);
}

/// @notice Never below 0: settled grows by at most what is left, and a task takes no more than that.
function leftOf(ChannelSlot slot) pure returns (uint96) {
    unchecked {
        return slot.depositOf() - slot.settledOf();
    }
}

/// @notice The last second in which vouchers are taken; 0 while nobody closes.
function closesAtOf(ChannelSlot slot) pure returns (uint40) {
    return uint40(ChannelSlot.unwrap(slot) >> CLOSES_AT_AT);
}

function stateOf(ChannelSlot slot) pure returns (ChannelState) {
    return ChannelState(uint8(ChannelSlot.unwrap(slot) >> STATE_AT));
}

function isOpen(ChannelSlot slot) pure returns (bool) {
    return ChannelSlot.unwrap(slot) >> STATE_AT == uint256(ChannelState.Open);
}

function withDeposit(ChannelSlot slot, uint96 deposit) pure returns (ChannelSlot) {
    return ChannelSlot.wrap((ChannelSlot.unwrap(slot) & ~AMOUNT_MASK) | deposit);
}

/// @notice The same channel after a payment of at most what is left.
function settling(ChannelSlot slot, uint96 amount) pure returns (ChannelSlot) {
    unchecked {
        return ChannelSlot.wrap(ChannelSlot.unwrap(slot) + (uint256(amount) << SETTLED_AT));
    }
}

/// @notice Stays at the last second of uint40 (the year 36812), so that an end beyond it never wraps to one long past.
function closingTime(uint256 time) pure returns (uint40) {
    return time > type(uint40).max ? type(uint40).max : uint40(time);
}

/// @notice The same channel, open until now.
function closing(ChannelSlot slot, uint40 closesAt) pure returns (ChannelSlot) {
    uint256 kept = ChannelSlot.unwrap(slot) & ((1 << CLOSES_AT_AT) - 1);
    return ChannelSlot.wrap(kept | (uint256(closesAt) << CLOSES_AT_AT) | (uint256(ChannelState.Closing) << STATE_AT));
}
