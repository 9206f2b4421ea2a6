// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Refund} from "../src/interfaces/ITaskEscrow.sol";

contract ReclaimTest is EscrowTest {
    function test_after_award_by_without_an_award() public {
        Terms memory terms = _auction();
        bytes32 taskId = _fund(terms);
        vm.warp(terms.awardBy);
        _expectReclaimRevert(terms, abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, terms.awardBy, terms.awardBy));
        vm.warp(terms.awardBy + 1);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(taskId, buyer, BUDGET, Refund.Reclaimed);
        vm.prank(stranger);
        escrow.reclaim(terms);
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function test_after_deliver_by_without_a_submission() public {
        Terms memory hire = _directHire();
        bytes32 hired = _fund(hire);
        Terms memory terms = _auction();
        bytes32 awarded = _award(terms);
        vm.warp(terms.deliverBy);
        bytes memory early = abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, terms.deliverBy, terms.deliverBy);
        _expectReclaimRevert(hire, early);
        _expectReclaimRevert(terms, early);
        vm.warp(terms.deliverBy + 1);
        escrow.reclaim(hire);
        escrow.reclaim(terms);
        _assertEnded(hired, State.Refunded);
        _assertEnded(awarded, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    /// A submission in the last second keeps the money from being reclaimed.
    function test_refuses_once_submitted() public {
        Terms memory terms = _directHire();
        _fund(terms);
        vm.warp(terms.deliverBy);
        _submit(terms);
        vm.warp(terms.deliverBy + 1);
        _expectReclaimRevert(terms, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Submitted));
    }

    function test_refuses_what_was_never_funded_or_is_over() public {
        Terms memory terms = _directHire();
        _expectReclaimRevert(terms, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.None));
        _fund(terms);
        vm.warp(terms.deliverBy + 1);
        escrow.reclaim(terms);
        _expectReclaimRevert(terms, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Refunded));
    }

    function _expectReclaimRevert(Terms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        escrow.reclaim(terms);
    }
}
