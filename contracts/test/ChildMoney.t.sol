// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Refund} from "../src/interfaces/ITaskEscrow.sol";

/// Where a child's money goes: to its agent with a fee, or back to the parent, and never to its buyer.
contract ChildMoneyTest is ChildTest {
    bytes32 private constant SETTLE =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");

    function test_a_surplus_at_award_goes_to_the_parent() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childAuctionOf(parent);
        bytes32 childId = _fundChild(child, parent);
        _expectReturn(parent, child, CHILD_BUDGET - CHILD_PRICE, false);
        _awardChild(child);
        _assertFamily(parent, BUDGET - CHILD_PRICE, 1, CHILD_PRICE);
        vm.assertEq(_remainingOf(childId), CHILD_PRICE);
        _assertNobodyWasPaid();
    }

    function test_a_veto_gives_the_price_back_to_the_parent() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childAuctionOf(parent);
        child.awarder = auctioneer;
        _fundChild(child, parent);
        _awardChild(child);
        _expectReturn(parent, child, CHILD_PRICE, false);
        vm.prank(agent);
        escrow.veto(child, "");
        _assertGivenBack(parent, child);
    }

    function test_a_cancel_by_the_childs_buyer_goes_to_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _expectReturn(parent, child, CHILD_BUDGET, false);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(escrow.taskIdOf(child), agent, CHILD_BUDGET, Refund.CancelledByBuyer);
        vm.prank(agent);
        escrow.cancel(child, "");
        _assertGivenBack(parent, child);
    }

    function test_a_cancel_by_the_childs_agent_goes_to_the_parent_in_every_state() public {
        for (uint256 i; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            (Terms memory parent, Terms memory child) = _fundFamily();
            if (i == 1) _submitChild(child);
            if (i == 2) _disputeChild(child);
            vm.prank(worker);
            escrow.cancel(child, "");
            _assertGivenBack(parent, child);
            vm.revertToState(snapshot);
        }
    }

    function test_a_cancel_together_goes_to_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _submitChild(child);
        bytes memory byWorker =
            _auth(WORKER_KEY, abi.encode(CANCEL, escrow.taskIdOf(child), CHILD_BUDGET, _soon()));
        vm.prank(agent);
        escrow.cancelTogether(child, "", byWorker);
        _assertGivenBack(parent, child);
    }

    function test_a_reclaim_goes_to_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        vm.warp(child.deliverBy + 1);
        vm.prank(stranger);
        escrow.reclaim(child);
        _assertGivenBack(parent, child);
    }

    function test_a_settlement_splits_between_the_worker_and_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        bytes memory byWorker =
            _auth(WORKER_KEY, abi.encode(SETTLE, escrow.taskIdOf(child), CHILD_BUDGET, uint96(15e6), _soon()));
        _expectReturn(parent, child, 25e6, false);
        vm.prank(agent);
        escrow.settle(child, 15e6, "", byWorker);
        _assertSplit(parent, child, 15e6, State.Settled);
    }

    function test_a_ruling_splits_between_the_worker_and_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _disputeChild(child);
        _expectReturn(parent, child, 30e6, false);
        vm.prank(arbiter);
        escrow.rule(child, 2_500, 0, "");
        _assertSplit(parent, child, 10e6, State.Ruled);
    }

    function test_a_default_ruling_splits_between_the_worker_and_the_parent() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _disputeChild(child);
        _skip(child.arbiterSeconds + 1);
        escrow.ruleByDefault(child);
        _assertSplit(parent, child, CHILD_BUDGET / 2, State.Ruled);
    }

    /// Nothing comes back, so no ChildReturned tells it, but the child is open no longer.
    function test_a_release_of_everything_closes_the_child_and_charges_the_fee_once() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        vm.prank(agent);
        escrow.release(child, 10e6, "");
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 1, CHILD_BUDGET);
        vm.prank(agent);
        escrow.release(child, CHILD_BUDGET - 10e6, "");
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 0, CHILD_BUDGET);
        _assertEnded(escrow.taskIdOf(child), State.Released);
        uint256 fees = _fee(10e6) + _fee(CHILD_BUDGET - 10e6);
        vm.assertEq(usdc.balanceOf(worker), CHILD_BUDGET - fees);
        vm.assertEq(escrow.feesAccrued(), fees);
        vm.prank(buyer);
        escrow.release(parent, BUDGET - CHILD_BUDGET, "");
        vm.assertEq(escrow.feesAccrued(), fees + _fee(BUDGET - CHILD_BUDGET));
    }

    function test_a_claim_closes_the_child() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        _submitChild(child);
        _skip(child.reviewSeconds + 1);
        vm.prank(worker);
        escrow.claim(child, "");
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 0, CHILD_BUDGET);
        vm.assertEq(usdc.balanceOf(worker), CHILD_BUDGET - _fee(CHILD_BUDGET));
        _assertEnded(escrow.taskIdOf(child), State.Claimed);
    }

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

    function test_one_unit_in_a_child_is_all_fee_or_comes_back_whole() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = 1;
        _fundChild(child, parent);
        uint256 snapshot = vm.snapshotState();
        vm.prank(agent);
        escrow.release(child, 1, "");
        vm.assertEq(escrow.feesAccrued(), 1);
        vm.assertEq(usdc.balanceOf(worker), 0);
        vm.revertToState(snapshot);
        _disputeChild(child);
        vm.prank(arbiter);
        escrow.rule(child, 9_999, 0, "");
        _assertFamily(parent, BUDGET, 0, 0);
        vm.assertEq(escrow.feesAccrued(), 0);
    }

    function test_the_childs_buyer_rates_the_worker() public {
        (, Terms memory child) = _fundFamily();
        _submitChild(child);
        vm.prank(agent);
        escrow.release(child, CHILD_BUDGET, "");
        vm.assertEq(escrow.feedbackAgentOf(escrow.taskIdOf(child)), workerId);
        vm.prank(agent);
        reputation.giveTaskFeedback(child, workerId, 5, 0, "", "", "", "", 0, "");
    }

    function testFuzz_conserves_the_family(uint96 childBudget, uint96 part, uint16 share, bool parentFirst) public {
        Terms memory parent = _parent();
        parent.childCap = BUDGET;
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = uint96(childBudget % (BUDGET - 1)) + 1;
        _fundChild(child, parent);
        _disputeChild(child);
        part = uint96(part % (_remainingOf(child.parent)));
        if (part != 0) {
            vm.prank(buyer);
            escrow.release(parent, part, "");
        }
        if (parentFirst) _endParent(parent, 1);
        vm.prank(arbiter);
        escrow.rule(child, share % 10_001, 0, "");
        if (!parentFirst) _endParent(parent, 1);
        uint256 toWorker = (uint256(child.budget) * (share % 10_001)) / 10_000;
        vm.assertEq(usdc.balanceOf(worker), toWorker - _fee(toWorker));
        vm.assertEq(usdc.balanceOf(agent), part - _fee(part));
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - part - toWorker);
        vm.assertEq(usdc.balanceOf(address(escrow)), escrow.feesAccrued());
    }

    /// Ends an untouched direct hire in one of six ways.
    function _endParent(Terms memory parent, uint256 way) private {
        if (way == 0) {
            vm.prank(buyer);
            escrow.cancel(parent, "");
        } else if (way == 1) {
            vm.prank(agent);
            escrow.cancel(parent, "");
        } else if (way == 2) {
            uint96 remaining = _remainingOf(escrow.taskIdOf(parent));
            vm.prank(buyer);
            escrow.release(parent, remaining, "");
        } else {
            _skip(1);
            _submit(parent);
            if (way == 3) _settleHalf(parent);
            else if (way == 4) _rule(parent);
            else _claim(parent);
        }
    }

    function _settleHalf(Terms memory parent) private {
        bytes32 parentId = escrow.taskIdOf(parent);
        uint96 remaining = _remainingOf(parentId);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, parentId, remaining, remaining / 2, _soon()));
        vm.prank(buyer);
        escrow.settle(parent, remaining / 2, "", byAgent);
    }

    function _rule(Terms memory parent) private {
        vm.prank(buyer);
        escrow.dispute(parent, 0, "");
        vm.prank(arbiter);
        escrow.rule(parent, 5_000, 0, "");
    }

    function _claim(Terms memory parent) private {
        _skip(parent.reviewSeconds + 1);
        vm.prank(agent);
        escrow.claim(parent, "");
    }

    /// INV-5 holds of a parent whose child ends later: its tombstone is not written again.
    function _assertParentUntouched(Terms memory parent) private view {
        bytes32 parentId = escrow.taskIdOf(parent);
        (State state, uint96 remaining, uint40 since,,,) = escrow.taskOf(parentId);
        vm.assertGe(uint256(state), uint256(State.Released), "still over");
        vm.assertEq(uint256(remaining) + since, 0);
    }

    function _assertGivenBack(Terms memory parent, Terms memory child) private view {
        _assertFamily(parent, BUDGET, 0, 0);
        _assertEnded(escrow.taskIdOf(child), State.Refunded);
        _assertNobodyWasPaid();
    }

    function _assertNobodyWasPaid() private view {
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
        vm.assertEq(usdc.balanceOf(agent) + usdc.balanceOf(worker) + escrow.feesAccrued(), 0);
    }

    function _assertSplit(Terms memory parent, Terms memory child, uint96 toWorker, State state) private view {
        _assertFamily(parent, BUDGET - toWorker, 0, toWorker);
        _assertEnded(escrow.taskIdOf(child), state);
        vm.assertEq(usdc.balanceOf(worker), toWorker - _fee(toWorker));
        vm.assertEq(escrow.feesAccrued(), _fee(toWorker));
        vm.assertEq(usdc.balanceOf(agent), 0);
    }
}
