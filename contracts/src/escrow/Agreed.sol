// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "../interfaces/ITaskEscrow.sol";

/// @notice Where the terms lie in calldata. A field is read as it came, in one instruction; that none has bits beyond its
/// type is checked once, when the task is funded. From then on the id, a hash of the very bytes, vouches for them: a verb
/// that finds money under the id has clean terms.
type Agreed is uint256;

using {
    isClean,
    buyerOf,
    agentOf,
    awarderOf,
    arbiterOf,
    parentOf,
    budgetOf,
    childCapOf,
    awardByOf,
    deliverByOf,
    reviewSecondsOf,
    vetoSecondsOf,
    arbiterSecondsOf,
    defaultShareBpsOf
} for Agreed global;

function agreedIn(Terms calldata terms) pure returns (Agreed at) {
    assembly ("memory-safe") {
        at := terms
    }
}

/// @notice No field has bits beyond its type, so that the terms in the event are the only ones with their id.
function isClean(Agreed terms) pure returns (bool) {
    uint256 addresses = _word(terms, 0) | _word(terms, 1) | _word(terms, 2) | _word(terms, 3);
    uint256 amounts = _word(terms, 7) | _word(terms, 8);
    uint256 times = _word(terms, 9) | _word(terms, 10);
    uint256 windows = _word(terms, 11) | _word(terms, 12) | _word(terms, 13);
    return (addresses >> 160) | (amounts >> 96) | (times >> 40) | (windows >> 32) | (_word(terms, 14) >> 16) == 0;
}

function buyerOf(Agreed terms) pure returns (address) {
    return address(uint160(_word(terms, 0)));
}

function agentOf(Agreed terms) pure returns (address) {
    return address(uint160(_word(terms, 1)));
}

function awarderOf(Agreed terms) pure returns (address) {
    return address(uint160(_word(terms, 2)));
}

function arbiterOf(Agreed terms) pure returns (address) {
    return address(uint160(_word(terms, 3)));
}

function parentOf(Agreed terms) pure returns (bytes32) {
    return bytes32(_word(terms, 4));
}

function budgetOf(Agreed terms) pure returns (uint96) {
    return uint96(_word(terms, 7));
}

function childCapOf(Agreed terms) pure returns (uint96) {
    return uint96(_word(terms, 8));
}

function awardByOf(Agreed terms) pure returns (uint40) {
    return uint40(_word(terms, 9));
}

function deliverByOf(Agreed terms) pure returns (uint40) {
    return uint40(_word(terms, 10));
}

function reviewSecondsOf(Agreed terms) pure returns (uint32) {
    return uint32(_word(terms, 11));
}

function vetoSecondsOf(Agreed terms) pure returns (uint32) {
    return uint32(_word(terms, 12));
}

function arbiterSecondsOf(Agreed terms) pure returns (uint32) {
    return uint32(_word(terms, 13));
}

function defaultShareBpsOf(Agreed terms) pure returns (uint16) {
    return uint16(_word(terms, 14));
}

/// @dev The fields of Terms are a word each, in the order of their declaration. Nothing is decoded.
function _word(Agreed terms, uint256 index) pure returns (uint256 word) {
    assembly ("memory-safe") {
        word := calldataload(add(terms, mul(index, 0x20)))
    }
}
