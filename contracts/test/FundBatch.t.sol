// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Authorization} from "../src/interfaces/ITaskEscrow.sol";

/// Milestones: several tasks of one buyer, by one signature, all or none.
contract FundBatchTest is EscrowTest {
    function test_funds_each_task_by_one_authorization() public {
        Terms[] memory batch = _batch(3);
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        for (uint256 i; i < 3; ++i) {
            vm.expectEmit(true, true, true, true, address(escrow));
            emit ITaskEscrow.TaskFunded(escrow.taskIdOf(batch[i]), batch[i]);
        }
        vm.prank(stranger);
        bytes32[] memory ids = escrow.fundBatch(batch, authorization);
        vm.assertEq(ids.length, 3);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(ids[i], escrow.taskIdOf(batch[i]));
            _assertState(ids[i], State.Funded);
            vm.assertEq(_remainingOf(ids[i]), batch[i].budget);
            vm.assertEq(_sinceOf(ids[i]), _now());
        }
        vm.assertEq(usdc.balanceOf(address(escrow)), _sum(batch));
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - _sum(batch));
    }

    function test_each_goes_its_own_way_afterwards() public {
        Terms[] memory batch = _batch(2);
        escrow.fundBatch(batch, _signed(BUYER_KEY, batch));
        vm.startPrank(buyer);
        escrow.cancel(batch[0], "");
        escrow.release(batch[1], batch[1].budget, "");
        vm.stopPrank();
        vm.assertEq(usdc.balanceOf(address(escrow)), escrow.feesAccrued());
    }

    /// Unbounded arrays: from one to thirty-two.
    function test_takes_1_to_32_tasks() public {
        _expectRefused(_batch(0), abi.encodeWithSelector(ITaskEscrow.BatchOutOfBounds.selector, 0, 32));
        _expectRefused(_batch(33), abi.encodeWithSelector(ITaskEscrow.BatchOutOfBounds.selector, 33, 32));
        Terms[] memory one = _batch(1);
        escrow.fundBatch(one, _signed(BUYER_KEY, one));
        Terms[] memory most = _batch(32);
        for (uint256 i; i < 32; ++i) {
            most[i].content = keccak256("another plan");
        }
        vm.assertEq(escrow.fundBatch(most, _signed(BUYER_KEY, most)).length, 32);
    }

    function test_refuses_tasks_of_two_buyers() public {
        Terms[] memory batch = _batch(2);
        batch[1].buyer = stranger;
        _expectRefused(batch, abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
    }

    function test_refuses_a_task_that_is_in_it_twice_or_was_funded_before() public {
        Terms[] memory batch = _batch(2);
        batch[1] = batch[0];
        bytes32 taskId = escrow.taskIdOf(batch[0]);
        _expectRefused(batch, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        batch = _batch(2);
        taskId = _fund(batch[1]);
        _expectRefused(batch, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        _assertState(escrow.taskIdOf(batch[0]), State.None);
    }

    function test_one_bad_task_stops_all() public {
        Terms[] memory batch = _batch(3);
        batch[2].budget = 0;
        _expectRefused(batch, abi.encodeWithSelector(ITaskEscrow.BudgetZero.selector));
        for (uint256 i; i < 3; ++i) {
            _assertState(escrow.taskIdOf(batch[i]), State.None);
        }
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    /// The nonce is the hash of the ids: other terms, fewer, more or in another order are another authorization.
    function test_refuses_an_authorization_for_another_plan() public {
        Terms[] memory batch = _batch(2);
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        (batch[0], batch[1]) = (batch[1], batch[0]);
        _expectInvalid(batch, authorization);
        batch = _batch(2);
        batch[1].arbiter = stranger;
        _expectInvalid(batch, authorization);
        batch = _batch(1);
        batch[0].budget = uint96(_sum(_batch(2)));
        _expectInvalid(batch, authorization);
    }

    function test_refuses_anothers_signature_and_the_authorization_of_a_single_task() public {
        Terms[] memory batch = _batch(1);
        _expectInvalid(batch, _signed(STRANGER_KEY, batch));
        bytes memory single = _authorization(BUYER_KEY, batch[0], _now() + 1 hours);
        _expectInvalid(batch, Authorization(0, _now() + 1 hours, single));
    }

    function test_once() public {
        Terms[] memory batch = _batch(2);
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        escrow.fundBatch(batch, authorization);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, escrow.taskIdOf(batch[0])));
        escrow.fundBatch(batch, authorization);
    }

    /// The escrow alone can use it: there is no way to burn it before.
    function test_refuses_a_foreign_collector() public {
        Terms[] memory batch = _batch(2);
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        (uint256 sum, bytes32 nonce) = (_sum(batch), _nonceOf(batch));
        vm.expectRevert(bytes("FiatTokenV2: caller must be the payee"));
        vm.prank(stranger);
        usdc.receiveWithAuthorization(
            buyer, address(escrow), sum, 0, authorization.validBefore, nonce, authorization.signature
        );
    }

    function test_refuses_an_expired_authorization_and_one_that_is_not_yet_valid() public {
        Terms[] memory batch = _batch(2);
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        vm.warp(authorization.validBefore);
        vm.expectRevert(bytes("FiatTokenV2: authorization is expired"));
        escrow.fundBatch(batch, authorization);
        authorization.validAfter = _now();
        authorization.validBefore = _now() + 1;
        vm.expectRevert(bytes("FiatTokenV2: authorization is not yet valid"));
        escrow.fundBatch(batch, authorization);
    }

    function test_refuses_while_new_money_is_paused() public {
        uint256 until = _now() + 1;
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
        _expectRefused(_batch(2), abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, until));
    }

    /// The sum may be above what a single task can hold.
    function test_the_sum_does_not_wrap_around() public {
        usdc.mint(buyer, 2 * uint256(type(uint96).max));
        Terms[] memory batch = _batch(2);
        batch[0].budget = type(uint96).max;
        batch[1].budget = type(uint96).max;
        escrow.fundBatch(batch, _signed(BUYER_KEY, batch));
        vm.assertEq(usdc.balanceOf(address(escrow)), 2 * uint256(type(uint96).max));
    }

    function testFuzz_takes_exactly_the_sum(uint96[8] memory budgets, uint256 count) public {
        Terms[] memory batch = _batch((count % 8) + 1);
        for (uint256 i; i < batch.length; ++i) {
            batch[i].budget = uint96(budgets[i] % 1_000e6) + 1;
        }
        escrow.fundBatch(batch, _signed(BUYER_KEY, batch));
        vm.assertEq(usdc.balanceOf(address(escrow)), _sum(batch));
    }

    function _batch(uint256 count) private view returns (Terms[] memory batch) {
        batch = new Terms[](count);
        for (uint256 i; i < count; ++i) {
            batch[i] = _directHire();
            batch[i].salt = bytes32(i);
            batch[i].budget = uint96(10e6 + i);
        }
    }

    function _sum(Terms[] memory batch) private pure returns (uint256 sum) {
        for (uint256 i; i < batch.length; ++i) {
            sum += batch[i].budget;
        }
    }

    function _nonceOf(Terms[] memory batch) private view returns (bytes32) {
        bytes memory ids;
        for (uint256 i; i < batch.length; ++i) {
            ids = bytes.concat(ids, escrow.taskIdOf(batch[i]));
        }
        return keccak256(ids);
    }

    function _signed(uint256 key, Terms[] memory batch) private view returns (Authorization memory) {
        uint256 validBefore = _now() + 1 hours;
        bytes32 kind = usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        bytes32 intent =
            keccak256(abi.encode(kind, buyer, address(escrow), _sum(batch), uint256(0), validBefore, _nonceOf(batch)));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent));
        return Authorization(0, validBefore, _sign(key, digest));
    }

    function _expectRefused(Terms[] memory batch, bytes memory reason) private {
        Authorization memory authorization = _signed(BUYER_KEY, batch);
        vm.expectRevert(reason);
        escrow.fundBatch(batch, authorization);
    }

    function _expectInvalid(Terms[] memory batch, Authorization memory authorization) private {
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        escrow.fundBatch(batch, authorization);
    }
}
