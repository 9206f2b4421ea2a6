// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bid, State} from "../interfaces/ITaskEscrow.sol";
import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {Agreed} from "./Agreed.sol";
import {TaskSlot, AGENT_ID_MASK} from "./TaskSlot.sol";
import {Ratings} from "./Ratings.sol";
import {TermsRules} from "./TermsRules.sol";

/// @title When a verb is open: the state, the time, and what a bid must say.
abstract contract VerbRules is TermsRules, Ratings {
    address public immutable identityRegistry;

    constructor(address identityRegistry_) {
        identityRegistry = identityRegistry_;
    }

    function _requireUnfunded(bytes32 taskId, TaskSlot task) internal pure {
        if (TaskSlot.unwrap(task) != 0) revert TaskExists(taskId);
    }

    function _requireAwardable(Agreed terms, bytes32 taskId, Bid calldata bid, uint96 price) internal view {
        if (terms.agentOf() != address(0)) revert AlreadyHired(terms.agentOf());
        if (bid.taskId != taskId) revert BidForOtherTask(bid.taskId, taskId);
        (address agent, uint96 minPrice, uint40 validUntil) = (bid.agent, bid.minPrice, bid.validUntil);
        _requireNotAfter(terms.awardByOf());
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        if (block.timestamp > validUntil) revert BidExpired(block.timestamp, validUntil);
        if (price == 0 || price < minPrice || price > terms.budgetOf()) {
            revert PriceOutOfBounds(price, minPrice, terms.budgetOf());
        }
        uint256 vetoUntil = _vetoUntil(terms, block.timestamp);
        // slither-disable-next-line incorrect-equality - 0 says that nobody may veto
        uint256 endsAt = (vetoUntil == 0 ? block.timestamp : vetoUntil) + bid.minWorkSeconds;
        if (endsAt > terms.deliverByOf()) revert NotEnoughTime(endsAt, terms.deliverByOf());
        if (agent == address(0)) revert ZeroParty();
        _requireDistinct(agent, terms.buyerOf(), terms.arbiterOf());
        _requirePayable(bid.payee);
        _requireControl(agent, bid.agentId);
    }

    /// @dev The registry promises ids below 2^44; the bound here keeps the packed word whole whatever it answers.
    function _requireControl(address agent, uint256 agentId) internal view {
        bool controls = agentId != 0 && agentId <= AGENT_ID_MASK
            && IIdentityRegistry(identityRegistry).isController(agent, agentId);
        if (!controls) revert AgentIdNotControlled(agentId, agent);
    }

    function _requireBuyerMayCancel(Agreed terms, TaskSlot task) internal pure {
        if (!task.isIn(State.Funded)) revert WrongState(task.stateOf());
        if (terms.agentOf() == address(0) && !_buyerAwards(terms)) {
            revert NotAwarder(terms.buyerOf(), terms.awarderOf());
        }
    }

    function _buyerAwards(Agreed terms) internal pure returns (bool) {
        return terms.awarderOf() == address(0) || terms.awarderOf() == terms.buyerOf();
    }

    /// @dev The last second of the veto, or 0 where nobody but the buyer chose the agent.
    function _vetoUntil(Agreed terms, uint256 awardedAt) internal pure returns (uint256) {
        if (terms.vetoSecondsOf() == 0 || terms.agentOf() != address(0) || _buyerAwards(terms)) return 0;
        return awardedAt + terms.vetoSecondsOf();
    }

    function _requireHired(Agreed terms, bytes32 taskId, TaskSlot task)
        internal
        view
        returns (address agent, address payee)
    {
        (agent, payee) = _hired(terms, taskId, task);
        if (agent == address(0)) revert WrongState(task.stateOf());
    }

    function _requireState(TaskSlot task, State required) internal pure {
        if (!task.isIn(required)) revert WrongState(task.stateOf());
    }

    /// @dev Money is held, and the task has come no further than `last`.
    function _requireHeld(TaskSlot task, State last) internal pure {
        if (!task.isHeldUpTo(last)) revert WrongState(task.stateOf());
    }

    function _requireNotAfter(uint256 limit) internal view {
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        if (block.timestamp > limit) revert TooLate(block.timestamp, limit);
    }

    function _requireAfter(uint256 opensAfter) internal view {
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        if (block.timestamp <= opensAfter) revert TooEarly(block.timestamp, opensAfter);
    }
}
