// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Refund} from "../src/interfaces/ITaskEscrow.sol";

contract VetoTest is EscrowTest {
    bytes32 private constant VETO = keccak256("Veto(bytes32 taskId,uint40 deadline)");

    function test_refunds_the_price_until_the_last_second() public {
        Terms memory terms = _auction();
        bytes32 taskId = _award(terms);
        _skip(terms.vetoSeconds);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(taskId, buyer, PRICE, Refund.Vetoed);
        vm.prank(buyer);
        escrow.veto(terms, "");
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    function test_carried_with_the_buyers_signature() public {
        Terms memory terms = _auction();
        bytes32 taskId = _award(terms);
        bytes memory auth = _auth(BUYER_KEY, abi.encode(VETO, taskId, _soon()));
        escrow.veto(terms, auth);
        _assertEnded(taskId, State.Refunded);
    }

    function test_refuses_a_late_veto() public {
        Terms memory terms = _auction();
        _award(terms);
        uint256 last = _now() + terms.vetoSeconds;
        vm.warp(last + 1);
        _expectVetoRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, last + 1, last));
    }

    function test_refuses_a_veto_of_the_buyers_own_choice() public {
        Terms memory terms = _buyerAwarded();
        _award(terms);
        _expectVetoRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, _now(), 0));
    }

    function test_refuses_a_veto_where_none_was_agreed() public {
        Terms memory terms = _auction();
        terms.vetoSeconds = 0;
        _award(terms);
        _expectVetoRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, _now(), 0));
    }

    function test_refuses_anybody_but_the_buyer() public {
        Terms memory terms = _auction();
        _award(terms);
        _expectVetoRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, agent, buyer));
    }

    function test_refuses_a_task_that_is_not_awarded() public {
        Terms memory terms = _auction();
        _fund(terms);
        _expectVetoRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
    }

    function _expectVetoRevert(Terms memory terms, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.veto(terms, "");
    }
}
