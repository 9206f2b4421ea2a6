// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow, State} from "../interfaces/ITaskEscrow.sol";
import {TaskSlot} from "./TaskSlot.sol";
import {Ledger} from "./Ledger.sol";

/// @title Whether a task may be rated, which its tombstone remembers: once.
abstract contract Ratings is Ledger {
    address public immutable reputationRegistry;

    /// @dev Without code yet: the registry is deployed after the escrow, at an address known before.
    constructor(address reputationRegistry_) {
        if (reputationRegistry_ == address(0)) revert ZeroParty();
        reputationRegistry = reputationRegistry_;
    }

    /// @inheritdoc ITaskEscrow
    function rate(bytes32 taskId) external returns (uint256 agentId) {
        if (msg.sender != reputationRegistry) revert NotReputationRegistry(msg.sender, reputationRegistry);
        TaskSlot task = _tasks[taskId];
        agentId = _ratableAgent(task);
        if (agentId == 0) revert TaskNotFinished(taskId);
        if (task.ratedOf()) revert AlreadyRated(taskId);
        _tasks[taskId] = task.rating();
    }

    /// @inheritdoc ITaskEscrow
    function rated(bytes32 taskId) external view returns (bool) {
        return _tasks[taskId].ratedOf();
    }

    /// @inheritdoc ITaskEscrow
    function feedbackAgentOf(bytes32 taskId) external view returns (uint256 agentId) {
        return _ratableAgent(_tasks[taskId]);
    }

    function _ratableAgent(TaskSlot task) private pure returns (uint256 agentId) {
        bool finished = task.isIn(State.Released) || task.isIn(State.Claimed) || task.isIn(State.Ruled);
        if (finished || (task.isIn(State.Settled) && task.paidOf())) return task.agentIdOf();
    }
}
