// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract ReleaseTest is EscrowTest {
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");

    function test_pays_the_payee_and_keeps_the_fee() public {
        Terms memory terms = _auction();
        bytes32 taskId = _submitAwarded(terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskReleased(taskId, payee, PRICE, uint96(_fee(PRICE)), 0, false);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _assertEnded(taskId, State.Released);
        vm.assertEq(usdc.balanceOf(payee), PRICE - _fee(PRICE));
        vm.assertEq(escrow.feesAccrued(), _fee(PRICE));
        vm.assertEq(usdc.balanceOf(address(escrow)), _fee(PRICE));
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    function test_pays_in_parts() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        uint40 since = _sinceOf(taskId);
        _skip(1 hours);
        vm.prank(buyer);
        escrow.release(terms, 30e6, "");
        _assertState(taskId, State.Submitted);
        vm.assertEq(_remainingOf(taskId), 70e6);
        vm.assertEq(_sinceOf(taskId), since);
        vm.prank(buyer);
        escrow.release(terms, 70e6, "");
        _assertEnded(taskId, State.Released);
        vm.assertEq(usdc.balanceOf(agent), BUDGET - _fee(BUDGET));
    }

    function test_may_pay_before_anything_was_submitted() public {
        Terms memory terms = _auction();
        bytes32 awarded = _award(terms);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _assertEnded(awarded, State.Released);
        Terms memory hire = _directHire();
        bytes32 hired = _fund(hire);
        vm.prank(buyer);
        escrow.release(hire, BUDGET, "");
        _assertEnded(hired, State.Released);
        vm.assertEq(escrow.feedbackAgentOf(hired), 0);
    }

    /// A signature names the money that it saw: it pays once, and only in that state.
    function test_carried_with_the_buyers_signature_once() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, taskId, BUDGET, uint96(10e6), _soon()));
        escrow.release(terms, 10e6, auth);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
        escrow.release(terms, 10e6, auth);
        vm.assertEq(_remainingOf(taskId), BUDGET - 10e6);
    }

    function test_refuses_nothing_and_more_than_remains() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        _expectReleaseRevert(terms, 0, buyer, abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, 0, BUDGET));
        _expectReleaseRevert(
            terms, BUDGET + 1, buyer, abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, BUDGET + 1, BUDGET)
        );
    }

    function test_refuses_where_nobody_was_chosen() public {
        Terms memory terms = _auction();
        _fund(terms);
        _expectReleaseRevert(terms, 1, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
    }

    function test_refuses_anybody_but_the_buyer() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        _expectReleaseRevert(terms, 1, agent, abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, agent, buyer));
    }

    /// Else small releases would make a signed ruling stale for ever.
    function test_refuses_during_a_dispute_and_after_the_end() public {
        Terms memory terms = _directHire();
        _dispute(terms);
        _expectReleaseRevert(terms, 1, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Disputed));
        vm.prank(agent);
        escrow.cancel(terms, "");
        _expectReleaseRevert(terms, 1, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Refunded));
    }

    /// INV-7: the fee is rounded up, at most the amount, and taken once.
    function testFuzz_fee_and_payout_make_the_amount(uint96 amount) public {
        amount = uint96(amount % BUDGET) + 1;
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, amount, "");
        vm.assertEq(escrow.feesAccrued(), _fee(amount));
        vm.assertEq(usdc.balanceOf(agent) + escrow.feesAccrued(), amount);
    }

    function test_one_unit_is_all_fee() public {
        Terms memory terms = _directHire();
        terms.budget = 1;
        bytes32 taskId = _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, 1, "");
        _assertEnded(taskId, State.Released);
        vm.assertEq(escrow.feesAccrued(), 1);
        vm.assertEq(usdc.balanceOf(agent), 0);
    }

    function _expectReleaseRevert(Terms memory terms, uint96 amount, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.release(terms, amount, "");
    }
}
