// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {
    ITaskEscrow, Terms, Bid, State, Authorization, PermitSignature
} from "../src/interfaces/ITaskEscrow.sol";

contract FundChildTest is ChildTest {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");

    function test_moves_money_within_the_ledger() public {
        Terms memory parent = _parent();
        bytes32 parentId = _fund(parent);
        Terms memory child = _childOf(parent);
        bytes32 childId = escrow.taskIdOf(child);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(childId, child);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.ChildFunded(parentId, childId, CHILD_BUDGET);
        vm.assertEq(_fundChild(child, parent), childId);
        _assertState(parentId, State.Funded);
        _assertState(childId, State.Funded);
        vm.assertEq(_remainingOf(childId), CHILD_BUDGET);
        vm.assertEq(_sinceOf(childId), _now());
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 1, CHILD_BUDGET);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
    }

    function test_an_awarded_agent_may_once_the_veto_is_over() public {
        Terms memory parent = _parentAuction();
        _award(parent);
        Terms memory child = _childOf(parent);
        uint256 vetoUntil = _now() + parent.vetoSeconds;
        vm.warp(vetoUntil);
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, vetoUntil, vetoUntil));
        vm.warp(vetoUntil + 1);
        _fundChild(child, parent);
        _assertFamily(parent, PRICE - CHILD_BUDGET, 1, CHILD_BUDGET);
        (,,, uint256 id, address hired, address paid) = escrow.taskOf(child.parent);
        vm.assertEq(id, agentId);
        vm.assertEq(hired, agent);
        vm.assertEq(paid, payee);
    }

    function test_at_once_where_the_buyer_awarded() public {
        Terms memory parent = _parentAuction();
        parent.awarder = address(0);
        _award(parent);
        _fundChild(_childOf(parent), parent);
        _assertFamily(parent, PRICE - CHILD_BUDGET, 1, CHILD_BUDGET);
    }

    function test_carried_with_the_parents_agents_signature() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        bytes memory auth = _auth(AGENT_KEY, abi.encode(FUND, escrow.taskIdOf(child), _soon()));
        vm.prank(stranger);
        escrow.fundChild(child, parent, auth);
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 1, CHILD_BUDGET);
    }

    function test_refuses_anybody_but_the_parents_agent() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, buyer, agent));
        vm.prank(buyer);
        escrow.fundChild(child, parent, "");
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(child), _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.fundChild(child, parent, auth);
        child.buyer = stranger;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, stranger, agent));
    }

    function test_refuses_a_signature_over_another_child_and_an_expired_one() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        uint40 deadline = _soon();
        bytes memory auth = _auth(AGENT_KEY, abi.encode(FUND, escrow.taskIdOf(child), deadline));
        child.budget += 1;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.fundChild(child, parent, auth);
        child.budget -= 1;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.IntentExpired.selector, deadline + 1, deadline));
        escrow.fundChild(child, parent, auth);
    }

    function test_refuses_parent_terms_that_the_child_does_not_name() public {
        Terms memory parent = _parent();
        bytes32 parentId = _fund(parent);
        Terms memory child = _childOf(parent);
        child.parent = bytes32(uint256(1));
        bytes memory other = abi.encodeWithSelector(ITaskEscrow.ParentDoesNotMatch.selector, parentId, child.parent);
        _expectRefused(child, parent, other);
        child.parent = 0;
        bytes memory none = abi.encodeWithSelector(ITaskEscrow.ParentDoesNotMatch.selector, parentId, bytes32(0));
        _expectRefused(child, parent, none);
        child.parent = parentId;
        parent.childCap = BUDGET;
        bytes memory forged =
            abi.encodeWithSelector(ITaskEscrow.ParentDoesNotMatch.selector, escrow.taskIdOf(parent), parentId);
        _expectRefused(child, parent, forged);
    }

    function test_refuses_a_parent_without_an_agent() public {
        Terms memory parent = _parentAuction();
        _fund(parent);
        Terms memory child = _childOf(parent);
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        child.buyer = address(0);
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
    }

    function test_refuses_a_parent_that_was_never_funded_is_submitted_disputed_or_over() public {
        Terms memory parent = _parent();
        Terms memory child = _childOf(parent);
        _expectWrongState(child, parent, State.None);
        _submitHired(parent);
        _expectWrongState(child, parent, State.Submitted);
        vm.prank(buyer);
        escrow.dispute(parent, 0, "");
        _expectWrongState(child, parent, State.Disputed);
        vm.prank(arbiter);
        escrow.rule(parent, 0, 0, "");
        _expectWrongState(child, parent, State.Ruled);
    }

    function test_the_parent_keeps_a_unit_at_least() public {
        Terms memory parent = _parent();
        parent.childCap = BUDGET;
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = BUDGET;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, BUDGET, BUDGET - 1));
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
            child, parent, abi.encodeWithSelector(ITaskEscrow.NotEnoughTime.selector, parent.deliverBy, parent.deliverBy)
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

    /// The parent's agent is the child's buyer, so he cannot hire himself, nor judge.
    function test_refuses_the_parents_agent_as_his_own_agent_or_arbiter() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.agent = agent;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.PartiesNotDistinct.selector, agent));
        child.agent = worker;
        child.arbiter = agent;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.PartiesNotDistinct.selector, agent));
    }

    function test_refuses_the_same_child_twice_and_once_it_is_over() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        bytes memory exists = abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, escrow.taskIdOf(child));
        _expectRefused(child, parent, exists);
        vm.prank(worker);
        escrow.cancel(child, "");
        _expectRefused(child, parent, exists);
    }

    /// The guardian stops new money; this is in the escrow already.
    function test_a_pause_does_not_stop_it() public {
        Terms memory parent = _parent();
        _fund(parent);
        uint40 until = uint40(_now() + 14 days);
        vm.prank(guardian);
        escrow.pauseFunding(until);
        _fundChild(_childOf(parent), parent);
        _assertFamily(parent, BUDGET - CHILD_BUDGET, 1, CHILD_BUDGET);
    }

    function test_refuses_empty_budgets_and_windows_out_of_bounds_as_every_fund_does() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = 0;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.BudgetZero.selector));
        child.budget = 1;
        child.reviewSeconds = 0;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, 0, 1, 30 days));
        child.reviewSeconds = 1 days;
        child.defaultShareBps = 10_001;
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.ShareAboveWhole.selector, 10_001, 10_000));
    }

    function test_no_other_verb_funds_a_task_that_names_a_parent() public {
        Terms memory parent = _parent();
        bytes32 parentId = _fund(parent);
        Terms memory child = _childOf(parent);
        usdc.mint(agent, BUDGET);
        vm.startPrank(agent);
        usdc.approve(address(escrow), BUDGET);
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.ParentPays.selector, parentId);
        vm.expectRevert(reason);
        escrow.fund(child, "");
        vm.expectRevert(reason);
        escrow.fundFor(child, "");
        vm.expectRevert(reason);
        escrow.fundWithPermit(child, PermitSignature(0, 0, ""), "");
        vm.expectRevert(reason);
        escrow.fundWithPermit2(child, 0, _now(), "");
        vm.expectRevert(reason);
        escrow.fundWithAuthorization(child, 0, _now() + 1, "");
        Terms[] memory batch = new Terms[](1);
        batch[0] = child;
        vm.expectRevert(reason);
        escrow.fundBatch(batch, Authorization(0, _now() + 1, ""));
        vm.stopPrank();
    }

    function test_no_award_funds_a_task_that_names_a_parent() public {
        Terms memory parent = _parent();
        bytes32 parentId = _fund(parent);
        Terms memory child = _childAuctionOf(parent);
        Bid memory bid = _workerBid(child);
        bytes memory signature = _sign(WORKER_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.ParentPays.selector, parentId));
        vm.prank(agent);
        escrow.awardAndFund(child, bid, signature, CHILD_PRICE, 0, "", Authorization(0, 0, ""));
        _fundChild(child, parent);
        vm.prank(agent);
        escrow.awardAndFund(child, bid, signature, CHILD_PRICE, 0, "", Authorization(0, 0, ""));
        _assertFamily(parent, BUDGET - CHILD_PRICE, 1, CHILD_PRICE);
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

    function _expectWrongState(Terms memory child, Terms memory parent, State state) private {
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, state));
    }

    function _expectRefused(Terms memory child, Terms memory parent, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(child.buyer);
        escrow.fundChild(child, parent, "");
    }
}
