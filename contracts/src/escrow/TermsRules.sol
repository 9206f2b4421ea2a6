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

    /// @dev Reads every field, each once where it can: a read checks that no bit lies beyond the field's type, which
    /// makes the terms in the event the only ones with this id.
    function _requireFundable(Terms calldata terms) internal view {
        address agent = terms.agent;
        _requireMoney(terms);
        _requireParties(terms, agent);
        _requireWindows(terms, agent == address(0));
    }

    function _requireMoney(Terms calldata terms) private pure {
        (uint256 budget, uint256 childCap, uint256 shareBps) = (terms.budget, terms.childCap, terms.defaultShareBps);
        if (budget == 0) revert BudgetZero();
        uint256 maxChildCap = terms.parent == 0 ? budget : 0;
        if (childCap > maxChildCap) revert ChildCapOutOfBounds(childCap, maxChildCap);
        if (shareBps > WHOLE_BPS) revert ShareAboveWhole(shareBps, WHOLE_BPS);
    }

    function _requireParties(Terms calldata terms, address agent) private view {
        (address buyer, address arbiter) = (terms.buyer, terms.arbiter);
        if (buyer == address(0) || arbiter == address(0)) revert ZeroParty();
        if (buyer == arbiter) revert PartiesNotDistinct(buyer);
        // Any awarder will do; his field is read like the others.
        terms.awarder;
        if (agent == address(0)) return;
        _requireDistinct(agent, buyer, arbiter);
        _requirePayable(agent);
    }

    function _requireDistinct(address agent, address buyer, address arbiter) internal pure {
        if (agent == buyer || agent == arbiter) revert PartiesNotDistinct(agent);
    }

    function _requireWindows(Terms calldata terms, bool auctioned) private view {
        _requireWithin(terms.reviewSeconds, MIN_REVIEW_SECONDS, MAX_REVIEW_SECONDS);
        _requireWithin(terms.vetoSeconds, 0, MAX_VETO_SECONDS);
        _requireWithin(terms.arbiterSeconds, MIN_ARBITER_SECONDS, MAX_ARBITER_SECONDS);
        (uint256 awardBy, uint256 deliverBy) = (terms.awardBy, terms.deliverBy);
        _requireWithin(deliverBy, block.timestamp, block.timestamp + MAX_TASK_SECONDS);
        if (auctioned) _requireWithin(awardBy, block.timestamp, deliverBy);
        else _requireWithin(awardBy, 0, 0);
    }

    function _requireWithin(uint256 actual, uint256 min, uint256 max) private pure {
        if (actual < min || actual > max) revert WindowOutOfBounds(actual, min, max);
    }
}
