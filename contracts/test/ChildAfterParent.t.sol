// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

/// A parent that comes to its end before its child does, and the child's money afterwards.
contract ChildAfterParentTest is ChildTest {
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");

    // while the parent is submitted or disputed, and after its end

    function test_it_goes_to_a_submitted_parent_and_stales_what_was_signed_over_its_money() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        bytes32 parentId = child.parent;
        _skip(1);
        _submit(parent);
        uint96 seen = BUDGET - CHILD_BUDGET;
        bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, parentId, seen, seen, _soon()));
        vm.prank(worker);
        escrow.cancel(child, "");
        vm.assertEq(_remainingOf(parentId), BUDGET);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
        escrow.release(parent, seen, auth);
        vm.prank(buyer);
        escrow.release(parent, BUDGET, "");
        vm.assertEq(usdc.balanceOf(agent), BUDGET - _fee(BUDGET));
    }

    function test_it_goes_to_a_disputed_parent_and_into_its_pot() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _skip(1);
        _submit(parent);
        vm.prank(buyer);
        escrow.dispute(parent, 0, "");
        vm.prank(worker);
        escrow.cancel(child, "");
        _assertState(child.parent, State.Disputed);
        vm.prank(arbiter);
        escrow.rule(parent, 0, 0, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    /// For each way in which the parent may end before its child.
    function test_after_the_parents_end_it_goes_to_the_parents_buyer() public {
        for (uint256 i; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            (Terms memory parent, Terms memory child) = _fundFamily();
            _endParent(parent, i);
            vm.assertGe(uint256(_stateOf(child.parent)), uint256(State.Released), "the parent is over");
            uint256 before = usdc.balanceOf(buyer);
            _expectReturn(parent, child, CHILD_BUDGET, true);
            vm.prank(agent);
            escrow.cancel(child, "");
            vm.assertEq(usdc.balanceOf(buyer), before + CHILD_BUDGET);
            _assertParentUntouched(parent);
            vm.revertToState(snapshot);
        }
    }

    function test_after_the_parents_end_a_surplus_goes_to_the_parents_buyer() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childAuctionOf(parent);
        bytes32 childId = _fundChild(child, parent);
        vm.prank(buyer);
        escrow.cancel(parent, "");
        _expectReturn(parent, child, CHILD_BUDGET - CHILD_PRICE, true);
        _awardChild(child);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - CHILD_PRICE);
        _assertState(childId, State.Awarded);
        vm.prank(worker);
        escrow.cancel(child, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    function test_after_the_parents_end_a_ruling_pays_the_worker_and_the_parents_buyer() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _disputeChild(child);
        vm.prank(agent);
        escrow.cancel(parent, "");
        vm.prank(arbiter);
        escrow.rule(child, 2_500, 0, "");
        vm.assertEq(usdc.balanceOf(worker), 10e6 - _fee(10e6));
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - 10e6);
        vm.assertEq(usdc.balanceOf(address(escrow)), _fee(10e6));
        _assertParentUntouched(parent);
    }

    function test_a_blacklisted_buyer_of_the_parent_is_owed_and_locks_nothing() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        vm.prank(buyer);
        escrow.cancel(parent, "");
        usdc.blacklist(buyer);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.PaymentOwed(escrow.taskIdOf(child), buyer, CHILD_BUDGET);
        vm.prank(worker);
        escrow.cancel(child, "");
        vm.assertEq(escrow.owed(buyer), CHILD_BUDGET);
        usdc.unBlacklist(buyer);
        escrow.withdraw(buyer);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    // the parent's own verbs touch only what is not in children

    function test_the_parents_end_takes_only_what_remains() public {
        for (uint256 i; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            (Terms memory parent, Terms memory child) = _fundFamily();
            _endParent(parent, i);
            uint256 out = usdc.balanceOf(buyer) + usdc.balanceOf(agent) + escrow.feesAccrued();
            vm.assertEq(out, 1_000_000e6 - CHILD_BUDGET);
            vm.assertEq(_remainingOf(escrow.taskIdOf(child)), CHILD_BUDGET);
            vm.assertEq(usdc.balanceOf(address(escrow)), CHILD_BUDGET + escrow.feesAccrued());
            vm.revertToState(snapshot);
        }
    }

    function test_a_veto_finds_no_child() public {
        Terms memory parent = _parentAuction();
        _award(parent);
        Terms memory child = _childOf(parent);
        vm.prank(agent);
        (bool done,) = address(escrow).call(abi.encodeCall(escrow.fundChild, (child, parent, "")));
        vm.assertFalse(done);
        vm.prank(buyer);
        escrow.veto(parent, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    /// Only what remains can be released, and a release of all of it ends the parent while its child works on.
    function test_a_release_of_more_than_remains_outside_children_is_refused() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        uint96 remaining = BUDGET - CHILD_BUDGET;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, remaining + 1, remaining));
        vm.prank(buyer);
        escrow.release(parent, remaining + 1, "");
        vm.prank(buyer);
        escrow.release(parent, remaining, "");
        _assertEnded(child.parent, State.Released);
        _assertState(escrow.taskIdOf(child), State.Funded);
    }

    /// A part released before and after a child came back is kept apart from what the child holds.
    function test_partial_releases_beside_a_child() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        vm.prank(buyer);
        escrow.release(parent, 20e6, "");
        _assertFamily(parent, BUDGET - CHILD_BUDGET - 20e6, 1, CHILD_BUDGET);
        vm.prank(agent);
        escrow.cancel(child, "");
        _assertFamily(parent, BUDGET - 20e6, 0, 0);
    }

    /// The first child's buyer is kept for all that follow.
    function test_two_children_come_back_one_before_and_one_after_the_end() public {
        (Terms memory parent, Terms memory first) = _fundFamily();
        Terms memory second = _childOf(parent);
        second.salt = "second";
        second.budget = 5e6;
        _fundChild(second, parent);
        _assertFamily(parent, BUDGET - CHILD_BUDGET - 5e6, 2, CHILD_BUDGET + 5e6);
        vm.prank(worker);
        escrow.cancel(first, "");
        _assertFamily(parent, BUDGET - 5e6, 1, 5e6);
        vm.prank(buyer);
        escrow.cancel(parent, "");
        vm.prank(worker);
        escrow.cancel(second, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    /// INV-5 holds of a parent whose child ends later: its tombstone is not written again.
    function _assertParentUntouched(Terms memory parent) private view {
        bytes32 parentId = escrow.taskIdOf(parent);
        (State state, uint96 remaining, uint40 since,,,) = escrow.taskOf(parentId);
        vm.assertGe(uint256(state), uint256(State.Released), "still over");
        vm.assertEq(uint256(remaining) + since, 0);
    }
}
