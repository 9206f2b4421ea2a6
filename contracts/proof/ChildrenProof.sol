// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {Bid, State, Terms} from "../src/interfaces/ITaskEscrow.sol";
import {TaskSlot} from "../src/escrow/TaskSlot.sol";
import {EscrowWorld} from "./EscrowHarness.sol";

/// @title INV-2, INV-3 for a task that a task pays for: what goes back goes to the parent while it is open, afterwards
/// to the parent's buyer, and nothing else of the parent's word changes.
contract ChildrenProof is EscrowWorld {
    uint256 private constant DELEGATIONS_SLOT = 5;
    uint256 private constant ONE_CHILD = 1 << 250;

    struct Family {
        World child;
        TaskSlot parent;
        uint96 delegated;
        address parentsBuyer;
    }

    function check_release(Family calldata family, uint96 amount) external {
        bytes32 taskId = _enter(family);
        escrow.release(family.child.terms, amount, "");
        _leave(family, taskId, amount == family.child.task.remainingOf());
    }

    function check_claim(Family calldata family) external {
        bytes32 taskId = _enter(family);
        escrow.claim(family.child.terms, "");
        _leave(family, taskId, true);
    }

    function check_veto(Family calldata family) external {
        bytes32 taskId = _enter(family);
        escrow.veto(family.child.terms, "");
        _leave(family, taskId, true);
    }

    function check_cancel(Family calldata family) external {
        bytes32 taskId = _enter(family);
        escrow.cancel(family.child.terms, "");
        _leave(family, taskId, true);
    }

    function check_reclaim(Family calldata family) external {
        bytes32 taskId = _enter(family);
        escrow.reclaim(family.child.terms);
        _leave(family, taskId, true);
    }

    function check_settle(Family calldata family, uint96 toAgent) external {
        bytes32 taskId = _enter(family);
        escrow.settle(family.child.terms, toAgent, "", "");
        _leave(family, taskId, true);
    }

    function check_rule(Family calldata family, uint16 shareBps) external {
        bytes32 taskId = _enter(family);
        escrow.rule(family.child.terms, shareBps, 0, "");
        _leave(family, taskId, true);
    }

    function check_award(Family calldata family, Bid calldata bid, uint96 price, bytes32 r, bytes32 s) external {
        vm.assume(family.child.task.remainingOf() == family.child.terms.budget);
        bytes32 taskId = _enter(family);
        escrow.award(family.child.terms, bid, abi.encodePacked(r, s, uint8(27)), price, 0, "");
        _leave(family, taskId, false);
    }

    function check_fundChild(Family calldata family, Terms calldata parent) external {
        Terms calldata child = family.child.terms;
        bytes32 parentId = escrow.taskIdOf(parent);
        vm.assume(child.parent == parentId);
        bytes32 childId = _enter(family);
        escrow.fundChild(child, parent, "");
        assert(TaskSlot.unwrap(family.child.task) == 0 && _remaining(childId) == child.budget && child.budget != 0);
        uint256 expected = TaskSlot.unwrap(family.parent) - child.budget + ONE_CHILD;
        assert(TaskSlot.unwrap(escrow.wordOf(parentId)) == expected && _remaining(parentId) != 0);
        (uint8 open, uint96 delegated, address buyer) = escrow.childrenOf(parentId);
        assert(open == family.parent.openChildrenOf() + 1 && open <= 8);
        assert(delegated == uint256(family.delegated) + child.budget && delegated <= parent.childCap);
        assert(buyer == parent.buyer);
        assert(uint256(child.deliverBy) + child.reviewSeconds + child.arbiterSeconds < parent.deliverBy);
        assert(_gone() == 0 && token.received() == 0);
    }

    /// @dev What funding a child has left: its money is part of what was delegated, and parent and children together
    /// never hold more than the parent's budget.
    function _enter(Family calldata family) private returns (bytes32 taskId) {
        bytes32 parentId = family.child.terms.parent;
        taskId = _place(family.child);
        vm.assume(parentId != 0 && parentId != taskId && parentId != family.child.otherId);
        vm.assume(family.parent.stateOf() != State.None && family.parentsBuyer != address(0));
        vm.assume(family.child.task.remainingOf() <= family.delegated);
        vm.assume(uint256(family.parent.remainingOf()) + family.delegated <= type(uint96).max);
        vm.assume(family.parent.openChildrenOf() != 0 || TaskSlot.unwrap(family.child.task) == 0);
        vm.assume(family.parent.openChildrenOf() <= 8);
        escrow.place(parentId, family.parent);
        bytes32 place = keccak256(abi.encode(parentId, DELEGATIONS_SLOT));
        vm.store(address(escrow), place, bytes32(family.delegated | uint256(uint160(family.parentsBuyer)) << 96));
        (, uint96 delegated, address buyer) = escrow.childrenOf(parentId);
        assert(delegated == family.delegated && buyer == family.parentsBuyer);
        vm.prank(family.child.sender);
    }

    function _leave(Family calldata family, bytes32 taskId, bool ended) private view {
        bytes32 parentId = family.child.terms.parent;
        uint256 returned = _remaining(parentId) - family.parent.remainingOf();
        assert(family.child.task.remainingOf() == _remaining(taskId) + returned + _gone());
        bool open = family.parent.stateOf() <= State.Disputed;
        uint256 closed = open && ended ? ONE_CHILD : 0;
        assert(TaskSlot.unwrap(escrow.wordOf(parentId)) == TaskSlot.unwrap(family.parent) + returned - closed);
        (, uint96 delegated, address buyer) = escrow.childrenOf(parentId);
        assert(delegated + returned == family.delegated && buyer == family.parentsBuyer);
        assert(_isSame(escrow.wordOf(family.child.otherId), family.child.other));
    }
}
