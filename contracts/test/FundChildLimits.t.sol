// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms} from "../src/interfaces/ITaskEscrow.sol";

/// How much, how many, how long and how deep.
contract FundChildLimitsTest is ChildTest {
    function test_the_parent_keeps_a_unit_at_least() public {
        Terms memory parent = _parent();
        parent.childCap = BUDGET;
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = BUDGET;
        _expectRefused(
            child, parent, abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, BUDGET, BUDGET - 1)
        );
        child.budget = BUDGET - 1;
        _fundChild(child, parent);
        _assertFamily(parent, 1, 1, BUDGET - 1);
        child.salt = "second";
        child.budget = 1;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, 1, 0));
    }

    function test_the_cap_is_over_all_children_together() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = CHILD_CAP + 1;
        _expectRefused(
            child, parent, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, CHILD_CAP + 1, CHILD_CAP)
        );
        child.budget = CHILD_CAP;
        _fundChild(child, parent);
        child.salt = "second";
        child.budget = 1;
        _expectRefused(
            child, parent, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, CHILD_CAP + 1, CHILD_CAP)
        );
    }

    /// The cap counts what is with children or was spent by them: what came back may be passed on again.
    function test_what_came_back_may_be_passed_on_again() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = CHILD_CAP;
        _fundChild(child, parent);
        vm.prank(agent);
        escrow.cancel(child, "");
        _assertFamily(parent, BUDGET, 0, 0);
        child.salt = "second";
        _fundChild(child, parent);
        _assertFamily(parent, BUDGET - CHILD_CAP, 1, CHILD_CAP);
    }

    function test_what_was_spent_may_not() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = CHILD_CAP;
        _fundChild(child, parent);
        vm.prank(agent);
        escrow.release(child, CHILD_CAP, "");
        _assertFamily(parent, BUDGET - CHILD_CAP, 0, CHILD_CAP);
        child.salt = "second";
        child.budget = 1;
        _expectRefused(
            child, parent, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, CHILD_CAP + 1, CHILD_CAP)
        );
    }

    function test_without_a_cap_nothing_is_passed_on() public {
        Terms memory parent = _directHire();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = 1;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, 1, 0));
        (uint8 open, uint96 delegated, address payer) = escrow.childrenOf(child.parent);
        vm.assertEq(uint256(open) + delegated + uint160(payer), 0);
    }

    /// Unbounded arrays: eight at a time, a ninth once one is over.
    function test_at_most_eight_are_open() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = 1e6;
        for (uint256 i; i < 8; ++i) {
            child.salt = bytes32(i);
            _fundChild(child, parent);
        }
        _assertFamily(parent, BUDGET - 8e6, 8, 8e6);
        Terms memory ninth = _childOf(parent);
        ninth.budget = 1e6;
        ninth.salt = "ninth";
        _expectRefused(ninth, parent, abi.encodeWithSelector(ITaskEscrow.TooManyChildren.selector, 9, 8));
        vm.prank(worker);
        escrow.cancel(child, "");
        _assertFamily(parent, BUDGET - 7e6, 7, 7e6);
        _fundChild(ninth, parent);
        _assertFamily(parent, BUDGET - 8e6, 8, 8e6);
    }

    /// At the latest the child is over a second before its parent has to be delivered.
    function test_the_childs_last_window_ends_before_the_parents_deliver_by() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.deliverBy = uint40(parent.deliverBy - child.reviewSeconds - child.arbiterSeconds);
        _expectRefused(
            child,
            parent,
            abi.encodeWithSelector(ITaskEscrow.NotEnoughTime.selector, parent.deliverBy, parent.deliverBy)
        );
        --child.deliverBy;
        _fundChild(child, parent);
    }

    function test_one_level_only() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        Terms memory greedy = _childOf(parent);
        greedy.childCap = 1;
        greedy.salt = "greedy";
        _expectRefused(greedy, parent, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, 1, 0));
        Terms memory grandchild = _childOf(child);
        grandchild.buyer = worker;
        grandchild.agent = stranger;
        grandchild.budget = 1;
        grandchild.deliverBy = uint40(_now() + 1);
        grandchild.reviewSeconds = 1;
        grandchild.arbiterSeconds = 1;
        _expectRefused(grandchild, child, abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, 1, 0));
    }

    function test_refuses_a_cap_above_the_budget() public {
        Terms memory parent = _parent();
        parent.childCap = BUDGET + 1;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, BUDGET + 1, BUDGET));
        vm.prank(buyer);
        escrow.fund(parent, "");
        parent.childCap = BUDGET;
        _fund(parent);
    }

    function testFuzz_passes_on_what_the_rules_allow(uint96 budget, uint96 cap, uint96 childBudget) public {
        Terms memory parent = _parent();
        parent.budget = uint96(budget % 1_000e6) + 1;
        parent.childCap = uint96(cap % (uint256(parent.budget) + 1));
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = uint96(childBudget % 1_100e6);
        bool allowed = child.budget != 0 && child.budget < parent.budget && child.budget <= parent.childCap;
        vm.prank(agent);
        (bool done,) = address(escrow).call(abi.encodeCall(escrow.fundChild, (child, parent, "")));
        vm.assertEq(done ? 1 : 0, allowed ? 1 : uint256(0));
        if (done) _assertFamily(parent, parent.budget - child.budget, 1, child.budget);
        vm.assertEq(_remainingOf(child.parent) + _remainingOf(escrow.taskIdOf(child)), parent.budget);
    }

    function _expectRefused(Terms memory child, Terms memory parent, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(child.buyer);
        escrow.fundChild(child, parent, "");
    }
}
