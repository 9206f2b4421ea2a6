// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

/// The sender pays for terms that the buyer signed.
contract FundForTest is EscrowTest {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    address private immutable payer = address(0x9a1e4);

    function setUp() public override {
        super.setUp();
        usdc.mint(payer, BUDGET);
        vm.prank(payer);
        usdc.approve(address(escrow), BUDGET);
    }

    function test_the_sender_pays_and_the_buyer_is_refunded() public {
        Terms memory terms = _directHire();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(taskId, terms);
        vm.prank(payer);
        vm.assertEq(escrow.fundFor(terms, auth), taskId);
        vm.assertEq(usdc.balanceOf(payer), 0);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 + BUDGET);
        vm.assertEq(usdc.balanceOf(payer), 0);
    }

    function test_the_buyer_may_be_the_sender() public {
        Terms memory terms = _directHire();
        vm.prank(buyer);
        _assertState(escrow.fundFor(terms, ""), State.Funded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - BUDGET);
    }

    /// Nobody binds a buyer to terms by paying for them.
    function test_refuses_terms_that_the_buyer_has_not_signed() public {
        Terms memory terms = _directHire();
        _expectRefused(terms, "", abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, payer, buyer));
        bytes memory others = _signedFund(STRANGER_KEY, terms);
        _expectRefused(terms, others, abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        terms.arbiter = stranger;
        _expectRefused(terms, auth, abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
    }

    function test_refuses_a_late_signature() public {
        Terms memory terms = _directHire();
        uint40 deadline = _soon();
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        vm.warp(deadline + 1);
        _expectRefused(terms, auth, abi.encodeWithSelector(ITaskEscrow.IntentExpired.selector, deadline + 1, deadline));
    }

    function test_refuses_a_payer_without_allowance_however_much_the_buyer_allows() public {
        Terms memory terms = _directHire();
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(stranger);
        escrow.fundFor(terms, auth);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function test_once() public {
        Terms memory terms = _directHire();
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        vm.prank(payer);
        bytes32 taskId = escrow.fundFor(terms, auth);
        _expectRefused(terms, auth, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
    }

    function test_refuses_while_new_money_is_paused() public {
        Terms memory terms = _directHire();
        bytes memory auth = _signedFund(BUYER_KEY, terms);
        uint256 until = _now() + 1;
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
        _expectRefused(terms, auth, abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, until));
    }

    function _signedFund(uint256 key, Terms memory terms) private view returns (bytes memory) {
        return _auth(key, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
    }

    function _expectRefused(Terms memory terms, bytes memory auth, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(payer);
        escrow.fundFor(terms, auth);
    }
}
