// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "../interfaces/ITaskEscrow.sol";
import {Fees} from "./Fees.sol";

/// @title Which terms may be funded.
abstract contract TermsRules is Fees {
    uint256 internal constant MAX_REVIEW_SECONDS = 30 days;
    uint256 internal constant MAX_VETO_SECONDS = 24 hours;
    uint256 internal constant MAX_ARBITER_SECONDS = 30 days;
    uint256 internal constant MAX_TASK_SECONDS = 365 days;
    uint256 private constant LOCAL_CHAIN_ID = 31337;

    uint256 private immutable MIN_REVIEW_SECONDS;
    uint256 private immutable MIN_ARBITER_SECONDS;

    /// @dev A local chain allows windows of a second, so that tests and demonstrations need not jump in time.
    constructor() {
        bool local = block.chainid == LOCAL_CHAIN_ID;
        MIN_REVIEW_SECONDS = local ? 1 seconds : 1 hours;
        MIN_ARBITER_SECONDS = local ? 1 seconds : 1 days;
    }

    function _requireFundable(Terms calldata terms) internal view {
        uint256 maxChildCap = terms.parent == 0 ? terms.budget : 0;
        if (terms.childCap > maxChildCap) revert ChildCapOutOfBounds(terms.childCap, maxChildCap);
        if (terms.budget == 0) revert BudgetZero();
        if (terms.defaultShareBps > WHOLE_BPS) revert ShareAboveWhole(terms.defaultShareBps, WHOLE_BPS);
        _requireParties(terms);
        _requireWindows(terms);
    }

    function _requireParties(Terms calldata terms) private view {
        if (terms.buyer == address(0) || terms.arbiter == address(0)) revert ZeroParty();
        if (terms.buyer == terms.arbiter) revert PartiesNotDistinct(terms.buyer);
        if (terms.agent == address(0)) return;
        _requireNeitherBuyerNorArbiter(terms, terms.agent);
        _requirePayable(terms.agent);
    }

    function _requireNeitherBuyerNorArbiter(Terms calldata terms, address agent) internal pure {
        if (agent == terms.buyer || agent == terms.arbiter) revert PartiesNotDistinct(agent);
    }

    function _requireWindows(Terms calldata terms) private view {
        _requireWithin(terms.reviewSeconds, MIN_REVIEW_SECONDS, MAX_REVIEW_SECONDS);
        _requireWithin(terms.vetoSeconds, 0, MAX_VETO_SECONDS);
        _requireWithin(terms.arbiterSeconds, MIN_ARBITER_SECONDS, MAX_ARBITER_SECONDS);
        _requireWithin(terms.deliverBy, block.timestamp, block.timestamp + MAX_TASK_SECONDS);
        if (terms.agent != address(0)) _requireWithin(terms.awardBy, 0, 0);
        else _requireWithin(terms.awardBy, block.timestamp, terms.deliverBy);
    }

    function _requireWithin(uint256 actual, uint256 min, uint256 max) private pure {
        if (actual < min || actual > max) revert WindowOutOfBounds(actual, min, max);
    }
}
