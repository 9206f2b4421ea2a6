// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";

contract WithdrawTest is EscrowTest {
    function test_a_blacklisted_payee_is_owed_and_locks_nothing() public {
        Terms memory terms = _auction();
        bytes32 taskId = _submitAwarded(terms);
        usdc.blacklist(payee);
        uint96 net = uint96(PRICE - _fee(PRICE));
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.PaymentOwed(taskId, payee, net);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _assertEnded(taskId, State.Released);
        vm.assertEq(escrow.owed(payee), net);
        vm.assertEq(escrow.totalOwed(), net);

        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
        escrow.withdraw(payee);
        usdc.unBlacklist(payee);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit IPayouts.Withdrawn(payee, net);
        vm.prank(stranger);
        escrow.withdraw(payee);
        vm.assertEq(usdc.balanceOf(payee), net);
        vm.assertEq(escrow.totalOwed(), 0);
    }

    function test_blacklisted_on_both_sides_of_a_ruling() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _dispute(terms);
        usdc.blacklist(agent);
        usdc.blacklist(buyer);
        vm.prank(arbiter);
        escrow.rule(terms, 5_000, 0, "");
        _assertEnded(taskId, State.Ruled);
        vm.assertEq(escrow.owed(agent), BUDGET / 2 - _fee(BUDGET / 2));
        vm.assertEq(escrow.owed(buyer), BUDGET / 2);
        vm.assertEq(escrow.totalOwed() + escrow.feesAccrued(), BUDGET);
    }

    function test_a_blacklisted_buyer_cannot_keep_an_agent_from_being_awarded() public {
        Terms memory terms = _auction();
        bytes32 taskId = _fund(terms);
        usdc.blacklist(buyer);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
        _assertState(taskId, State.Awarded);
        vm.assertEq(escrow.owed(buyer), BUDGET - PRICE);
    }

    function test_a_paused_token_turns_every_payment_into_a_debt() public {
        Terms memory terms = _directHire();
        _fund(terms);
        usdc.pause();
        vm.prank(buyer);
        escrow.cancel(terms, "");
        vm.assertEq(escrow.owed(buyer), BUDGET);
        usdc.unpause();
        escrow.withdraw(buyer);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function test_debts_of_one_owner_add_up() public {
        usdc.blacklist(agent);
        for (uint256 i; i < 3; ++i) {
            Terms memory terms = _directHire();
            terms.salt = bytes32(i);
            _submitHired(terms);
            vm.prank(buyer);
            escrow.release(terms, BUDGET, "");
        }
        vm.assertEq(escrow.owed(agent), 3 * (BUDGET - _fee(BUDGET)));
    }

    function test_refuses_where_nothing_is_owed() public {
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, stranger));
        escrow.withdraw(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.NothingOwed.selector, feeOwner));
        escrow.collectFees();
    }

    function test_fees_go_to_their_owner_whoever_calls() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, BUDGET, "");
        usdc.blacklist(feeOwner);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
        escrow.collectFees();
        usdc.unBlacklist(feeOwner);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.FeesCollected(feeOwner, _fee(BUDGET));
        vm.prank(stranger);
        escrow.collectFees();
        vm.assertEq(usdc.balanceOf(feeOwner), _fee(BUDGET));
        vm.assertEq(escrow.feesAccrued(), 0);
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    function test_no_fee_leaves_the_whole_amount() public {
        escrow = Deployed.taskEscrow(address(usdc), address(identity), guardian, feeOwner, 0);
        vm.prank(buyer);
        usdc.approve(address(escrow), BUDGET);
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, BUDGET, "");
        vm.assertEq(usdc.balanceOf(agent), BUDGET);
        vm.assertEq(escrow.feesAccrued(), 0);
    }
}
