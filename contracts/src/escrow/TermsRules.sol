// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Agreed} from "./Agreed.sol";
import {Fees} from "./Fees.sol";

/// @title Which terms may be funded.
abstract contract TermsRules is Fees {
    uint256 internal constant MAX_REVIEW_SECONDS = 30 days;
    uint256 internal constant MAX_VETO_SECONDS = 24 hours;
    uint256 internal constant MAX_ARBITER_SECONDS = 30 days;
    uint256 internal constant MAX_TASK_SECONDS = 365 days;
    uint256 private constant LOCAL_CHAIN_ID = 31337;

    // slither-disable-next-line naming-convention - a constant of each deployment
    uint256 private immutable MIN_REVIEW_SECONDS;
    // slither-disable-next-line naming-convention - a constant of each deployment
    uint256 private immutable MIN_ARBITER_SECONDS;

    /// @dev A local chain allows windows of a second, so that tests and demonstrations need not jump in time.
    constructor() {
        bool local = block.chainid == LOCAL_CHAIN_ID;
        MIN_REVIEW_SECONDS = local ? 1 seconds : 1 hours;
        MIN_ARBITER_SECONDS = local ? 1 seconds : 1 days;
    }

    function _requireFundable(Agreed terms) internal view {
        if (!terms.isClean()) revert StrayBits();
        address agent = terms.agentOf();
        _requireMoney(terms);
        _requireParties(terms, agent);
        _requireWindows(terms, agent == address(0));
    }

    function _requireMoney(Agreed terms) private pure {
        (uint256 budget, uint256 childCap, uint256 shareBps) =
            (terms.budgetOf(), terms.childCapOf(), terms.defaultShareBpsOf());
        if (budget == 0) revert BudgetZero();
        uint256 maxChildCap = terms.parentOf() == 0 ? budget : 0;
        if (childCap > maxChildCap) revert ChildCapOutOfBounds(childCap, maxChildCap);
        if (shareBps > WHOLE_BPS) revert ShareAboveWhole(shareBps, WHOLE_BPS);
    }

    function _requireParties(Agreed terms, address agent) private view {
        (address buyer, address arbiter) = (terms.buyerOf(), terms.arbiterOf());
        if (buyer == address(0) || arbiter == address(0)) revert ZeroParty();
        if (buyer == arbiter) revert PartiesNotDistinct(buyer);
        if (agent == address(0)) return;
        _requireDistinct(agent, buyer, arbiter);
        _requirePayable(agent);
    }

    function _requireDistinct(address agent, address buyer, address arbiter) internal pure {
        if (agent == buyer || agent == arbiter) revert PartiesNotDistinct(agent);
    }

    function _requireWindows(Agreed terms, bool auctioned) private view {
        _requireWithin(terms.reviewSecondsOf(), MIN_REVIEW_SECONDS, MAX_REVIEW_SECONDS);
        _requireWithin(terms.vetoSecondsOf(), 0, MAX_VETO_SECONDS);
        _requireWithin(terms.arbiterSecondsOf(), MIN_ARBITER_SECONDS, MAX_ARBITER_SECONDS);
        (uint256 awardBy, uint256 deliverBy) = (terms.awardByOf(), terms.deliverByOf());
        _requireWithin(deliverBy, block.timestamp, block.timestamp + MAX_TASK_SECONDS);
        if (auctioned) _requireWithin(awardBy, block.timestamp, deliverBy);
        else _requireWithin(awardBy, 0, 0);
    }

    function _requireWithin(uint256 actual, uint256 min, uint256 max) private pure {
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        if (actual < min || actual > max) revert WindowOutOfBounds(actual, min, max);
    }
}
