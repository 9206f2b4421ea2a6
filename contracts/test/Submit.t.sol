// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract SubmitTest is EscrowTest {
    bytes32 private constant SUBMIT =
        keccak256("Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)");
    bytes32 private constant WORK = keccak256("deliverable");

    function test_a_hired_agent_brings_his_id() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        _skip(10);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskSubmitted(taskId, agentId, WORK);
        _submit(terms);
        (State state, uint96 remaining, uint40 since, uint256 id,,) = escrow.taskOf(taskId);
        vm.assertEq(uint256(state), uint256(State.Submitted));
        vm.assertEq(remaining, BUDGET);
        vm.assertEq(since, _now());
        vm.assertEq(id, agentId);
    }

    function test_an_awarded_agent_waits_for_the_veto() public {
        Terms memory terms = _auction();
        bytes32 taskId = _award(terms);
        uint256 last = _now() + terms.vetoSeconds;
        vm.warp(last);
        _expectSubmitRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, last, last));
        vm.warp(last + 1);
        _submit(terms);
        _assertState(taskId, State.Submitted);
    }

    function test_no_wait_where_the_buyer_awarded_or_no_veto_was_agreed() public {
        Terms memory own = _buyerAwarded();
        bytes32 taskId = _award(own);
        _submit(own);
        _assertState(taskId, State.Submitted);
        Terms memory terms = _auction();
        terms.vetoSeconds = 0;
        taskId = _award(terms);
        _submit(terms);
        _assertState(taskId, State.Submitted);
    }

    function test_submits_until_deliver_by_and_never_after() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.warp(terms.deliverBy);
        _submit(terms);
        _assertState(taskId, State.Submitted);
        vm.warp(terms.deliverBy + 1);
        _expectSubmitRevert(
            terms, agent, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, terms.deliverBy + 1, terms.deliverBy)
        );
    }

    function test_again_restarts_the_review() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        _skip(2 days);
        _submit(terms);
        vm.assertEq(_sinceOf(taskId), _now());
    }

    function test_carried_with_the_agents_signature_once() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        bytes memory auth = _auth(AGENT_KEY, abi.encode(SUBMIT, taskId, agentId, WORK, _sinceOf(taskId), _soon()));
        escrow.submit(terms, agentId, WORK, auth);
        _assertState(taskId, State.Submitted);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.submit(terms, agentId, WORK, auth);
    }

    /// The word `since` moves even within one second, so that one signature never counts twice.
    function test_a_submission_in_the_same_second_moves_since() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        uint40 since = _sinceOf(taskId);
        _submit(terms);
        vm.assertEq(_sinceOf(taskId), since + 1);
        _submit(terms);
        vm.assertEq(_sinceOf(taskId), since + 2);
    }

    function test_refuses_anybody_but_the_agent() public {
        Terms memory terms = _directHire();
        _fund(terms);
        _expectSubmitRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, buyer, agent));
    }

    function test_refuses_an_id_that_the_hired_agent_does_not_control() public {
        Terms memory terms = _directHire();
        _fund(terms);
        vm.prank(stranger);
        uint256 others = identity.register();
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AgentIdNotControlled.selector, others, agent));
        vm.prank(agent);
        escrow.submit(terms, others, WORK, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AgentIdNotControlled.selector, 0, agent));
        vm.prank(agent);
        escrow.submit(terms, 0, WORK, "");
    }

    function test_refuses_another_id_than_the_awarded_or_first_one() public {
        vm.prank(agent);
        uint256 second = identity.register();
        Terms memory terms = _buyerAwarded();
        _award(terms);
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.AgentDoesNotMatch.selector, second, agentId);
        vm.expectRevert(reason);
        vm.prank(agent);
        escrow.submit(terms, second, WORK, "");
        Terms memory hire = _directHire();
        _submitHired(hire);
        vm.expectRevert(reason);
        vm.prank(agent);
        escrow.submit(hire, second, WORK, "");
    }

    function test_refuses_before_an_award_during_a_dispute_and_after_the_end() public {
        Terms memory terms = _auction();
        _fund(terms);
        _expectSubmitRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        Terms memory disputed = _directHire();
        _dispute(disputed);
        _expectSubmitRevert(disputed, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Disputed));
        vm.prank(agent);
        escrow.cancel(disputed, "");
        _expectSubmitRevert(disputed, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Refunded));
    }

    function _expectSubmitRevert(Terms memory terms, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.submit(terms, agentId, WORK, "");
    }
}
