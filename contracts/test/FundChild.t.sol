// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State, Authorization, PermitSignature} from "../src/interfaces/ITaskEscrow.sol";

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

    function _expectWrongState(Terms memory child, Terms memory parent, State state) private {
        _expectRefused(child, parent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, state));
    }

    function _expectRefused(Terms memory child, Terms memory parent, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(child.buyer);
        escrow.fundChild(child, parent, "");
    }
}
