// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow, State, Terms} from "../interfaces/ITaskEscrow.sol";
import {TaskIds} from "../TaskIds.sol";
import {Agreed, agreedIn} from "./Agreed.sol";
import {TaskSlot, tombstone} from "./TaskSlot.sol";

/// @title What is stored of each task: one word, and a second one only where the agent was chosen at award.
abstract contract Ledger is ITaskEscrow {
    uint256 private constant AGENT_LOW_BITS = 96;
    uint256 private constant PAYEE_BITS = 160;

    uint256 public immutable deploymentChainId;

    mapping(bytes32 taskId => TaskSlot) internal _tasks;
    /// payee 160 | low part of the agent's address 96
    mapping(bytes32 taskId => uint256) private _awards;

    constructor() {
        deploymentChainId = block.chainid;
    }

    /// @inheritdoc ITaskEscrow
    /// @dev The deployment's chain id, not the present one: a fork strands no task.
    function taskIdOf(Terms calldata terms) public view returns (bytes32) {
        return TaskIds.idOf(deploymentChainId, address(this), terms);
    }

    /// @inheritdoc ITaskEscrow
    function taskOf(bytes32 taskId)
        external
        view
        returns (State state, uint96 remaining, uint40 since, uint256 agentId, address agent, address payee)
    {
        TaskSlot task = _tasks[taskId];
        (agent, payee) = _awarded(taskId, task);
        return (task.stateOf(), task.remainingOf(), task.sinceOf(), task.agentIdOf(), agent, payee);
    }

    function _load(Terms calldata terms) internal view returns (bytes32 taskId, Agreed agreed, TaskSlot task) {
        (taskId, agreed) = (taskIdOf(terms), agreedIn(terms));
        task = _tasks[taskId];
    }

    function _storeAward(bytes32 taskId, TaskSlot task, uint256 agentId, address agent, address payee) internal {
        _tasks[taskId] = task.hiring(agentId, uint64(uint160(agent) >> AGENT_LOW_BITS));
        _awards[taskId] = uint256(uint160(payee)) | (uint256(uint160(agent)) << PAYEE_BITS);
    }

    /// @dev Leaves a tombstone and gives the award's word back.
    function _bury(Agreed terms, bytes32 taskId, TaskSlot task, State state, bool paid) internal {
        _tasks[taskId] = tombstone(task, state, paid);
        if (terms.agentOf() == address(0) && !task.isIn(State.Funded)) delete _awards[taskId];
    }

    /// @dev Who works and who is paid; both 0 before an award.
    function _hired(Agreed terms, bytes32 taskId, TaskSlot task) internal view returns (address agent, address payee) {
        if (terms.agentOf() != address(0)) return (terms.agentOf(), terms.agentOf());
        if (task.isIn(State.Funded)) return (address(0), address(0));
        return _awarded(taskId, task);
    }

    function _awarded(bytes32 taskId, TaskSlot task) private view returns (address agent, address payee) {
        uint256 word = _awards[taskId];
        payee = address(uint160(word));
        agent = address((uint160(task.agentHighOf()) << uint160(AGENT_LOW_BITS)) | uint160(word >> PAYEE_BITS));
    }
}
