// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract PauseFundingTest is EscrowTest {
    function test_stops_new_money_and_no_exit() public {
        Terms memory held = _auction();
        bytes32 taskId = _award(held);
        _pause(14 days);
        Terms memory terms = _directHire();
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, _now() + 14 days));
        vm.prank(buyer);
        escrow.fund(terms, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, _now() + 14 days));
        escrow.fundWithAuthorization(terms, 0, _now() + 1, "");
        vm.prank(buyer);
        escrow.veto(held, "");
        _assertEnded(taskId, State.Refunded);
    }

    function test_ends_by_itself() public {
        _pause(1 hours);
        _skip(1 hours);
        _fund(_directHire());
    }

    function test_may_be_lifted() public {
        _pause(1 hours);
        _pause(0);
        _fund(_directHire());
    }

    function test_refuses_anybody_but_the_guardian() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotGuardian.selector, buyer, guardian));
        vm.prank(buyer);
        escrow.pauseFunding(0);
    }

    /// INV-10: at most 14 days of any 28 are paused, however often the guardian asks.
    function test_never_for_ever() public {
        uint256 start = _now();
        _pause(1 days);
        _skip(13 days);
        _expectTooLong(start + 14 days + 1, start + 14 days);
        vm.prank(guardian);
        escrow.pauseFunding(uint40(start + 14 days));
        vm.warp(start + 28 days);
        _expectTooLong(start + 29 days, start + 14 days);
        _fund(_directHire());
        vm.warp(start + 28 days + 1);
        _pause(14 days);
        vm.assertEq(escrow.fundingPausedUntil(), start + 42 days + 1);
    }

    function _pause(uint256 duration) private {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.FundingPaused(uint40(_now() + duration));
        vm.prank(guardian);
        escrow.pauseFunding(uint40(_now() + duration));
    }

    function _expectTooLong(uint256 until, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.PauseTooLong.selector, until, max));
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
    }
}
