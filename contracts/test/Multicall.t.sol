// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract MulticallTest is EscrowTest {
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");

    function test_does_several_verbs_of_the_sender_and_answers_each() public {
        (Terms memory first, Terms memory second) = _two();
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(escrow.fund, (first, ""));
        calls[1] = abi.encodeCall(escrow.fund, (second, ""));
        calls[2] = abi.encodeCall(escrow.cancel, (first, ""));
        vm.prank(buyer);
        bytes[] memory results = escrow.multicall(calls);
        vm.assertEq(abi.decode(results[0], (bytes32)), escrow.taskIdOf(first));
        vm.assertEq(abi.decode(results[1], (bytes32)), escrow.taskIdOf(second));
        vm.assertEq(results[2].length, 0);
        _assertEnded(escrow.taskIdOf(first), State.Refunded);
        _assertState(escrow.taskIdOf(second), State.Funded);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
    }

    function test_all_or_nothing_with_the_error_of_the_verb_that_failed() public {
        (Terms memory first, Terms memory second) = _two();
        second.budget = 0;
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(escrow.fund, (first, ""));
        calls[1] = abi.encodeCall(escrow.fund, (second, ""));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BudgetZero.selector));
        vm.prank(buyer);
        escrow.multicall(calls);
        _assertState(escrow.taskIdOf(first), State.None);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    /// The errors of the token come through as they are, too.
    function test_passes_on_the_words_of_the_token() public {
        (Terms memory first,) = _two();
        vm.prank(buyer);
        usdc.approve(address(escrow), 0);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.fund, (first, ""));
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(buyer);
        escrow.multicall(calls);
    }

    /// Each verb sees who sent the whole: a stranger gains no authority by wrapping.
    function test_the_sender_is_the_sender_of_the_whole() public {
        (Terms memory first,) = _two();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.fund, (first, ""));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        vm.prank(stranger);
        escrow.multicall(calls);
        bytes[] memory nested = new bytes[](1);
        nested[0] = abi.encodeCall(escrow.multicall, (calls));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        vm.prank(stranger);
        escrow.multicall(nested);
        vm.prank(buyer);
        escrow.multicall(nested);
        _assertState(escrow.taskIdOf(first), State.Funded);
    }

    function test_anybody_carries_several_signed_intents() public {
        (Terms memory first, Terms memory second) = _two();
        _submitHired(first);
        _submitHired(second);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _signedRelease(first);
        calls[1] = _signedRelease(second);
        vm.prank(stranger);
        escrow.multicall(calls);
        vm.assertEq(usdc.balanceOf(agent), 2 * (BUDGET - _fee(BUDGET)));
    }

    /// One intent twice in one transaction is a replay like any other.
    function test_refuses_the_same_intent_twice() public {
        (Terms memory first,) = _two();
        _submitHired(first);
        bytes[] memory calls = new bytes[](2);
        calls[0] = _signedRelease(first);
        calls[1] = calls[0];
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Released));
        escrow.multicall(calls);
    }

    function test_takes_no_value_and_nothing_unknown() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = hex"deadbeef";
        (bool unknown,) = address(escrow).call(abi.encodeCall(escrow.multicall, (calls)));
        vm.assertFalse(unknown);
        vm.deal(address(this), 1);
        (bool paid,) = address(escrow).call{value: 1}(abi.encodeCall(escrow.multicall, (new bytes[](0))));
        vm.assertFalse(paid);
        vm.assertEq(escrow.multicall(new bytes[](0)).length, 0);
    }

    /// The reputation registry's verb is no one else's, wrapped or not.
    function test_opens_no_verb_of_the_registry() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.rate, (bytes32(0)));
        vm.expectRevert(
            abi.encodeWithSelector(ITaskEscrow.NotReputationRegistry.selector, buyer, escrow.reputationRegistry())
        );
        vm.prank(buyer);
        escrow.multicall(calls);
    }

    function _two() private view returns (Terms memory first, Terms memory second) {
        first = _directHire();
        second = _directHire();
        second.salt = "second";
    }

    function _signedRelease(Terms memory terms) private view returns (bytes memory) {
        bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, escrow.taskIdOf(terms), BUDGET, BUDGET, _soon()));
        return abi.encodeCall(escrow.release, (terms, BUDGET, auth));
    }
}
