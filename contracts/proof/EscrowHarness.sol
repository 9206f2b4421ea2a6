// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {TaskEscrow} from "../src/TaskEscrow.sol";
import {TaskSlot} from "../src/escrow/TaskSlot.sol";
import {ProofRegistry, ProofToken} from "./ProofToken.sol";

/// @title The escrow as it is, and a way to put any word where a task's word is. The token is its Permit2 as well.
contract EscrowHarness is TaskEscrow {
    constructor(address token, address registry, uint16 feeBps)
        TaskEscrow(token, registry, address(1), token, address(3), address(4), feeBps)
    {}

    function place(bytes32 taskId, TaskSlot word) external {
        _tasks[taskId] = word;
    }

    function chargeFee(uint96 amount) external returns (uint96) {
        return _chargeFee(amount);
    }

    function wordOf(bytes32 taskId) external view returns (TaskSlot) {
        return _tasks[taskId];
    }
}

/// @title What every proof about the escrow begins with, and the sum that no verb may change.
abstract contract EscrowWorld {
    EscrowHarness internal escrow;
    ProofToken internal token;

    function setUp() public {
        token = new ProofToken();
        escrow = new EscrowHarness(address(token), address(new ProofRegistry()), 1_000);
    }

    /// @notice Any task in any state, and any other task, whose money is nobody's business here.
    struct World {
        Terms terms;
        TaskSlot task;
        bytes32 otherId;
        TaskSlot other;
        uint40 time;
        address sender;
        bool pays;
    }

    /// @dev Funding refuses a buyer who is nobody, see check_fund_admits_only_a_real_buyer.
    function _place(World calldata world) internal returns (bytes32 taskId) {
        taskId = escrow.taskIdOf(world.terms);
        vm.assume(world.terms.buyer != address(0));
        vm.assume(world.otherId != taskId);
        token.choose(world.pays);
        escrow.place(taskId, world.task);
        escrow.place(world.otherId, world.other);
        vm.warp(world.time);
    }

    /// @notice What the escrow has paid, owes and has earned.
    function _gone() internal view returns (uint256) {
        return token.sent() + escrow.totalOwed() + escrow.feesAccrued();
    }

    function _remaining(bytes32 taskId) internal view returns (uint256) {
        return escrow.wordOf(taskId).remainingOf();
    }

    function _isSame(TaskSlot one, TaskSlot other) internal pure returns (bool) {
        return TaskSlot.unwrap(one) == TaskSlot.unwrap(other);
    }
}
