// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract DisputeTest is EscrowTest {
    bytes32 private constant DISPUTE = keccak256("Dispute(bytes32 taskId,bytes32 evidence,uint40 deadline)");
    bytes32 private constant EVIDENCE = keccak256("evidence");

    function test_by_the_buyer_until_the_reviews_last_second() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        uint256 last = _now() + terms.reviewSeconds;
        vm.warp(last);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskDisputed(taskId, buyer, EVIDENCE);
        vm.prank(buyer);
        escrow.dispute(terms, EVIDENCE, "");
        _assertState(taskId, State.Disputed);
        vm.assertEq(_sinceOf(taskId), last);
        vm.assertEq(_remainingOf(taskId), BUDGET);
    }

    function test_by_the_agent() public {
        Terms memory terms = _auction();
        bytes32 taskId = _submitAwarded(terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskDisputed(taskId, agent, EVIDENCE);
        vm.prank(agent);
        escrow.dispute(terms, EVIDENCE, "");
        _assertState(taskId, State.Disputed);
    }

    /// A signed dispute doesn't bind the submission's time: a switch of work in the last moment can't shake it off.
    function test_carried_in_either_role_and_over_a_later_submission() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory byBuyer = _authAs(0, BUYER_KEY, abi.encode(DISPUTE, taskId, EVIDENCE, _soon()));
        bytes memory byAgent = _authAs(1, AGENT_KEY, abi.encode(DISPUTE, taskId, EVIDENCE, _soon()));
        _skip(60);
        _submit(terms);
        uint256 snapshot = vm.snapshotState();
        escrow.dispute(terms, EVIDENCE, byBuyer);
        _assertState(taskId, State.Disputed);
        vm.revertToState(snapshot);
        escrow.dispute(terms, EVIDENCE, byAgent);
        _assertState(taskId, State.Disputed);
    }

    function test_refuses_late() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        uint256 last = _now() + terms.reviewSeconds;
        vm.warp(last + 1);
        _expectDisputeRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, last + 1, last));
    }

    function test_refuses_twice() public {
        Terms memory terms = _directHire();
        _dispute(terms);
        _expectDisputeRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Disputed));
    }

    function test_refuses_before_a_submission() public {
        Terms memory terms = _directHire();
        _fund(terms);
        _expectDisputeRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
    }

    function test_refuses_strangers() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        _expectDisputeRevert(terms, stranger, abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
    }

    function _expectDisputeRevert(Terms memory terms, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.dispute(terms, EVIDENCE, "");
    }
}
