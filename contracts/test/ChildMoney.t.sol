// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Refund} from "../src/interfaces/ITaskEscrow.sol";

/// Where a child's money goes: to its agent with a fee, or back to the parent, and never to its buyer.
contract ChildMoneyTest is ChildTest {
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");

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
        bytes memory byWorker = _auth(WORKER_KEY, abi.encode(CANCEL, escrow.taskIdOf(child), CHILD_BUDGET, _soon()));
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
            _auth(WORKER_KEY, abi.encode(SETTLEMENT, escrow.taskIdOf(child), CHILD_BUDGET, uint96(15e6), _soon()));
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
