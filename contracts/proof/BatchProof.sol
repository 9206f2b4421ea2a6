// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {State, Terms} from "../src/interfaces/ITaskEscrow.sol";
import {Authorization} from "../src/interfaces/Terms.sol";
import {TaskSlot} from "../src/escrow/TaskSlot.sol";
import {EscrowWorld} from "./EscrowHarness.sol";

/// @title INV-2, INV-3 for several tasks in one transaction: each is as if it came alone, and no money counts twice.
/// @notice Batches of two, which may be the same task twice; loops treat each element as they treat these.
contract BatchProof is EscrowWorld {
    function check_fundBatch(World calldata world, Terms calldata second) external {
        bytes32 taskId = _place(world);
        bytes32 secondId = escrow.taskIdOf(second);
        vm.assume(world.otherId != secondId);
        vm.prank(world.sender);
        Terms[] memory both = new Terms[](2);
        (both[0], both[1]) = (world.terms, second);
        escrow.fundBatch(both, Authorization(0, 0, ""));

        assert(taskId != secondId && world.terms.buyer == second.buyer);
        assert(TaskSlot.unwrap(world.task) == 0);
        assert(_remaining(taskId) == world.terms.budget && _remaining(secondId) == second.budget);
        assert(token.received() == uint256(world.terms.budget) + second.budget && _gone() == 0);
        assert(_isSame(escrow.wordOf(world.otherId), world.other));
    }

    /// A part, then another: the second sees what the first has left.
    function check_multicall_of_two_releases(World calldata world, uint96 first, uint96 second) external {
        vm.assume(world.terms.parent == 0);
        bytes32 taskId = _place(world);
        vm.prank(world.sender);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(escrow.release, (world.terms, first, ""));
        calls[1] = abi.encodeCall(escrow.release, (world.terms, second, ""));
        escrow.multicall(calls);

        assert(_gone() == uint256(first) + second);
        assert(world.task.remainingOf() == _remaining(taskId) + _gone());
        assert(world.task.stateOf() != State.None && world.task.stateOf() <= State.Submitted);
        assert(_isSame(escrow.wordOf(world.otherId), world.other));
    }
}
