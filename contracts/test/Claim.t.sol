// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract ClaimTest is EscrowTest {
    bytes32 private constant CLAIM = keccak256("Claim(bytes32 taskId,uint96 remaining,uint40 deadline)");

    function test_pays_strictly_after_the_review() public {
        Terms memory terms = _auction();
        bytes32 taskId = _submitAwarded(terms);
        uint256 last = _now() + terms.reviewSeconds;
        vm.warp(last);
        _expectClaimRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, last, last));
        vm.warp(last + 1);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskReleased(taskId, payee, PRICE, uint96(_fee(PRICE)), 0, true);
        vm.prank(agent);
        escrow.claim(terms, "");
        _assertEnded(taskId, State.Claimed);
        vm.assertEq(usdc.balanceOf(payee), PRICE - _fee(PRICE));
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    function test_carried_with_the_agents_signature() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        _skip(terms.reviewSeconds + 1);
        escrow.claim(terms, _auth(AGENT_KEY, abi.encode(CLAIM, taskId, BUDGET, _soon())));
        _assertEnded(taskId, State.Claimed);
    }

    function test_takes_what_partial_releases_left() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, 40e6, "");
        _skip(terms.reviewSeconds + 1);
        vm.prank(agent);
        escrow.claim(terms, "");
        vm.assertEq(usdc.balanceOf(agent), BUDGET - _fee(BUDGET));
    }

    function test_refuses_anybody_but_the_agent() public {
        Terms memory terms = _auction();
        _submitAwarded(terms);
        _skip(terms.reviewSeconds + 1);
        _expectClaimRevert(terms, payee, abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, payee, agent));
    }

    function test_refuses_before_a_submission_and_during_a_dispute() public {
        Terms memory terms = _directHire();
        _fund(terms);
        _expectClaimRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        _submit(terms);
        vm.prank(buyer);
        escrow.dispute(terms, 0, "");
        _skip(30 days);
        _expectClaimRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Disputed));
    }

    function _expectClaimRevert(Terms memory terms, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.claim(terms, "");
    }
}
