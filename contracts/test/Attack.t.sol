// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";
import {HostileToken} from "../mocks/HostileToken.sol";

/// What a token, or whoever carries a verb, may try.
contract AttackTest is EscrowTest {
    HostileToken private token;

    function setUp() public override {
        super.setUp();
        token = new HostileToken();
        _deployOver(address(token));
        token.mint(buyer, 1_000_000e6);
        vm.prank(buyer);
        token.approve(address(escrow), type(uint256).max);
    }

    function test_refuses_a_fee_on_transfer() public {
        token.setMode(HostileToken.Mode.Fee);
        _expectFundRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, BUDGET - BUDGET / 100, BUDGET));
    }

    function test_refuses_a_false_answer_on_the_way_in() public {
        token.setMode(HostileToken.Mode.False);
        _expectFundRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
    }

    /// A refund of a task that was never funded has nothing to refund.
    function test_money_that_was_given_belongs_to_no_task() public {
        token.mint(address(escrow), 5e6);
        Terms memory terms = _directHire();
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.None));
        vm.prank(buyer);
        escrow.cancel(terms, "");
        bytes32 taskId = _fund(terms);
        vm.assertEq(_remainingOf(taskId), BUDGET);
    }

    function test_a_false_answer_on_the_way_out_becomes_a_debt() public {
        Terms memory terms = _directHire();
        _fund(terms);
        token.setMode(HostileToken.Mode.False);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        vm.assertEq(escrow.owed(buyer), BUDGET);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
        escrow.withdraw(buyer);
    }

    function test_a_mute_token_counts_as_paid() public {
        Terms memory terms = _directHire();
        _fund(terms);
        token.setMode(HostileToken.Mode.Mute);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        vm.assertEq(token.balanceOf(buyer), 1_000_000e6);
        vm.assertEq(escrow.totalOwed(), 0);
    }

    /// A megabyte of refusal costs the carrier no memory.
    function test_a_huge_refusal_becomes_a_debt() public {
        Terms memory terms = _directHire();
        _fund(terms);
        token.setMode(HostileToken.Mode.Bomb);
        vm.prank(buyer);
        escrow.cancel{gas: 5_000_000}(terms, "");
        vm.assertEq(escrow.owed(buyer), BUDGET);
    }

    function test_a_token_that_burns_all_gas_becomes_a_debt() public {
        Terms memory terms = _directHire();
        _fund(terms);
        token.setMode(HostileToken.Mode.Burner);
        vm.prank(buyer);
        escrow.cancel{gas: 20_000_000}(terms, "");
        vm.assertEq(escrow.owed(buyer), BUDGET);
    }

    /// INV-6: whatever gas the carrier gives, it is full payment or nothing at all.
    function test_starving_a_push_never_makes_a_debt() public {
        Terms memory terms = _auction();
        bytes32 taskId = _dispute(terms);
        bytes memory call_ = abi.encodeCall(escrow.rule, (terms, 5_000, bytes32(0), ""));
        uint256 paid;
        for (uint256 gasLimit = 20_000; gasLimit < 400_000; gasLimit += 1_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(arbiter);
            (bool done,) = address(escrow).call{gas: gasLimit}(call_);
            vm.assertEq(escrow.totalOwed(), 0);
            if (done) {
                ++paid;
                vm.assertEq(token.balanceOf(payee), PRICE / 2 - _fee(PRICE / 2));
                vm.assertEq(token.balanceOf(buyer), 1_000_000e6 - PRICE / 2);
            } else {
                vm.assertEq(_remainingOf(taskId), PRICE);
            }
            vm.revertToState(snapshot);
        }
        vm.assertGe(paid, 100, "most limits are enough");
    }

    /// A push that fails honestly, but too cheaply to tell, is refused.
    function test_refuses_a_debt_without_gas_enough_to_be_honest() public {
        Terms memory terms = _directHire();
        _fund(terms);
        token.refuse(buyer);
        vm.prank(buyer);
        (bool done, bytes memory reason) =
            address(escrow).call{gas: 130_000}(abi.encodeCall(escrow.cancel, (terms, "")));
        vm.assertFalse(done);
        vm.assertEq(bytes32(bytes4(reason)), bytes32(IPayouts.OutOfPushGas.selector));
        vm.prank(buyer);
        escrow.cancel{gas: 300_000}(terms, "");
        vm.assertEq(escrow.owed(buyer), BUDGET);
    }

    /// INV-9: a token that calls back in the middle of fund, before its money came, gets nothing out.
    function test_reentry_while_the_money_is_on_its_way_in() public {
        Terms memory victim = _buyerAwarded();
        _fund(victim);
        Terms memory terms = _directHire();
        terms.agent = stranger;
        terms.buyer = address(token);
        token.mint(address(token), BUDGET);
        vm.prank(address(token));
        token.approve(address(escrow), BUDGET);
        token.setHook(address(escrow), abi.encodeCall(escrow.release, (terms, BUDGET, "")));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, _fee(BUDGET), BUDGET));
        vm.prank(address(token));
        escrow.fund(terms, "");
        vm.assertEq(token.balanceOf(stranger), 0);
    }

    /// INV-9: during a payment the task is over already, for each verb that could pay again.
    function test_reentry_while_the_money_is_on_its_way_out() public {
        Terms memory terms = _directHire();
        terms.buyer = address(token);
        token.mint(address(token), BUDGET);
        vm.startPrank(address(token));
        token.approve(address(escrow), BUDGET);
        escrow.fund(terms, "");
        bytes[5] memory verbs = [
            abi.encodeCall(escrow.cancel, (terms, "")),
            abi.encodeCall(escrow.release, (terms, BUDGET, "")),
            abi.encodeCall(escrow.reclaim, (terms)),
            abi.encodeCall(escrow.withdraw, (terms.buyer)),
            abi.encodeCall(escrow.fund, (terms, ""))
        ];
        for (uint256 i; i < verbs.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            token.setHook(address(escrow), verbs[i]);
            escrow.cancel(terms, "");
            vm.assertFalse(token.hookSucceeded());
            vm.assertEq(token.balanceOf(address(token)), BUDGET);
            vm.assertEq(token.balanceOf(address(escrow)), 0);
            vm.revertToState(snapshot);
        }
        vm.stopPrank();
    }

    /// INV-9: read-only: in the middle of a payment the views tell the state after it.
    function test_views_are_true_in_the_middle_of_a_payment() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        Observer observer = new Observer(this, taskId);
        token.setHook(address(observer), abi.encodeCall(observer.look, ()));
        vm.prank(buyer);
        escrow.cancel(terms, "");
        vm.assertTrue(token.hookSucceeded());
    }

    function assertEndedNow(bytes32 taskId) external view {
        _assertEnded(taskId, State.Refunded);
    }

    function _expectFundRevert(bytes memory reason) private {
        Terms memory terms = _directHire();
        vm.expectRevert(reason);
        vm.prank(buyer);
        escrow.fund(terms, "");
    }
}

contract Observer {
    AttackTest private immutable test;
    bytes32 private immutable taskId;

    constructor(AttackTest test_, bytes32 taskId_) {
        (test, taskId) = (test_, taskId_);
    }

    function look() external view {
        test.assertEndedNow(taskId);
    }
}
