// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract RuleTest is EscrowTest {
    bytes32 private constant RULE =
        keccak256("Rule(bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline)");
    bytes32 private constant REASONS = keccak256("reasons");

    function test_splits_by_the_arbiters_share_until_his_last_second() public {
        Terms memory terms = _auction();
        bytes32 taskId = _dispute(terms);
        uint256 before = usdc.balanceOf(buyer);
        uint96 toAgent = PRICE / 4;
        _skip(terms.arbiterSeconds);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRuled(taskId, 2_500, toAgent, uint96(_fee(toAgent)), PRICE - toAgent, false, REASONS);
        vm.prank(arbiter);
        escrow.rule(terms, 2_500, REASONS, "");
        _assertEnded(taskId, State.Ruled);
        vm.assertEq(usdc.balanceOf(payee), toAgent - _fee(toAgent));
        vm.assertEq(usdc.balanceOf(buyer), before + PRICE - toAgent);
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    function test_all_or_nothing() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _dispute(terms);
        uint256 snapshot = vm.snapshotState();
        vm.prank(arbiter);
        escrow.rule(terms, 10_000, 0, "");
        vm.assertEq(usdc.balanceOf(agent), BUDGET - _fee(BUDGET));
        vm.revertToState(snapshot);
        vm.prank(arbiter);
        escrow.rule(terms, 0, 0, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
        vm.assertEq(escrow.feesAccrued(), 0);
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    function test_carried_with_the_arbiters_signature() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _dispute(terms);
        bytes memory auth = _auth(ARBITER_KEY, abi.encode(RULE, taskId, BUDGET, uint16(9_000), REASONS, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, arbiter));
        escrow.rule(terms, 9_001, REASONS, auth);
        escrow.rule(terms, 9_000, REASONS, auth);
        _assertEnded(taskId, State.Ruled);
    }

    function test_refuses_late() public {
        Terms memory terms = _directHire();
        _dispute(terms);
        uint256 last = _now() + terms.arbiterSeconds;
        vm.warp(last + 1);
        _expectRuleRevert(terms, 5_000, arbiter, abi.encodeWithSelector(ITaskEscrow.TooLate.selector, last + 1, last));
    }

    function test_refuses_a_share_above_the_whole() public {
        Terms memory terms = _directHire();
        _dispute(terms);
        _expectRuleRevert(
            terms, 10_001, arbiter, abi.encodeWithSelector(ITaskEscrow.ShareAboveWhole.selector, 10_001, 10_000)
        );
    }

    function test_refuses_anybody_but_the_arbiter() public {
        Terms memory terms = _directHire();
        _dispute(terms);
        _expectRuleRevert(terms, 0, buyer, abi.encodeWithSelector(ITaskEscrow.NotArbiter.selector, buyer, arbiter));
    }

    function test_refuses_without_a_dispute_and_twice() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        _expectRuleRevert(terms, 0, arbiter, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Submitted));
        vm.prank(buyer);
        escrow.dispute(terms, 0, "");
        vm.prank(arbiter);
        escrow.rule(terms, 0, 0, "");
        _expectRuleRevert(terms, 0, arbiter, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Ruled));
    }

    function test_by_default_strictly_after_the_arbiters_time() public {
        Terms memory terms = _directHire();
        terms.defaultShareBps = 3_333;
        terms.budget = 10;
        bytes32 taskId = _dispute(terms);
        uint256 last = _now() + terms.arbiterSeconds;
        vm.warp(last);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, last, last));
        escrow.ruleByDefault(terms);
        vm.warp(last + 1);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRuled(taskId, 3_333, 3, 1, 7, true, 0);
        vm.prank(stranger);
        escrow.ruleByDefault(terms);
        _assertEnded(taskId, State.Ruled);
        vm.assertEq(usdc.balanceOf(agent), 2);
        vm.assertEq(escrow.feesAccrued(), 1);
    }

    function test_by_default_refuses_without_a_dispute() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Submitted));
        escrow.ruleByDefault(terms);
    }

    /// INV-3: a ruling conserves the pot for every share and amount.
    function testFuzz_conserves_the_pot(uint96 budget, uint16 shareBps) public {
        budget = uint96(budget % 500_000e6) + 1;
        shareBps = uint16(shareBps % 10_001);
        Terms memory terms = _directHire();
        terms.budget = budget;
        _dispute(terms);
        vm.prank(arbiter);
        escrow.rule(terms, shareBps, 0, "");
        uint256 toAgent = (uint256(budget) * shareBps) / 10_000;
        vm.assertEq(usdc.balanceOf(agent) + escrow.feesAccrued(), toAgent);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - toAgent);
    }

    function _expectRuleRevert(Terms memory terms, uint16 shareBps, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.rule(terms, shareBps, 0, "");
    }
}
