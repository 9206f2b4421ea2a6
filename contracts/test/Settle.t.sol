// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";

contract SettleTest is EscrowTest {
    bytes32 private constant SETTLE =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
    uint96 private constant TO_AGENT = 30e6;

    function test_splits_a_disputed_pot() public {
        Terms memory terms = _auction();
        bytes32 taskId = _dispute(terms);
        uint256 before = usdc.balanceOf(buyer);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, PRICE, TO_AGENT, _soon()));
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskSettled(taskId, TO_AGENT, uint96(_fee(TO_AGENT)), PRICE - TO_AGENT);
        vm.prank(buyer);
        escrow.settle(terms, TO_AGENT, "", byAgent);
        _assertEnded(taskId, State.Settled);
        vm.assertEq(usdc.balanceOf(payee), TO_AGENT - _fee(TO_AGENT));
        vm.assertEq(usdc.balanceOf(buyer), before + PRICE - TO_AGENT);
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    function test_in_every_state_with_an_agent_and_by_either_sender() public {
        _expectSettles(_directHire(), _fund);
        _expectSettles(_auction(), _award);
        Terms memory submitted = _auction();
        submitted.salt = keccak256("submitted");
        _expectSettles(submitted, _submitAwarded);
    }

    function test_carried_by_a_stranger_with_both_signatures() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory fields = abi.encode(SETTLE, taskId, BUDGET, TO_AGENT, _soon());
        (bytes memory byBuyer, bytes memory byAgent) = (_auth(BUYER_KEY, fields), _auth(AGENT_KEY, fields));
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        escrow.settle(terms, TO_AGENT, "", byAgent);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, stranger, agent));
        escrow.settle(terms, TO_AGENT, byBuyer, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
        escrow.settle(terms, TO_AGENT + 1, byBuyer, byAgent);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.settle(terms, TO_AGENT, byBuyer, byBuyer);
        escrow.settle(terms, TO_AGENT, byBuyer, byAgent);
        vm.stopPrank();
        _assertEnded(taskId, State.Settled);
    }

    /// Both sign the pot that they saw: a release in between makes the split stale.
    function test_refuses_a_split_of_another_pot() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, BUDGET, TO_AGENT, _soon()));
        vm.startPrank(buyer);
        escrow.release(terms, 50e6, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.settle(terms, TO_AGENT, "", byAgent);
        vm.stopPrank();
    }

    function test_refuses_more_than_the_pot() public {
        Terms memory terms = _directHire();
        _submitHired(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AmountOutOfBounds.selector, BUDGET + 1, BUDGET));
        vm.prank(buyer);
        escrow.settle(terms, BUDGET + 1, "", "");
    }

    function test_refuses_where_nobody_was_chosen_and_after_the_end() public {
        Terms memory terms = _auction();
        _fund(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        vm.prank(buyer);
        escrow.settle(terms, 0, "", "");
        Terms memory hire = _directHire();
        _submitHired(hire);
        vm.startPrank(buyer);
        escrow.release(hire, BUDGET, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Released));
        escrow.settle(hire, 0, "", "");
        vm.stopPrank();
    }

    /// INV-12: whoever was paid nothing by agreement is not rated.
    function test_nothing_for_the_agent_earns_no_feedback() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, BUDGET, uint96(0), _soon()));
        vm.prank(buyer);
        escrow.settle(terms, 0, "", byAgent);
        _assertEnded(taskId, State.Settled);
        vm.assertEq(escrow.feedbackAgentOf(taskId), 0);
    }

    function test_a_part_paid_before_earns_feedback() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, 1e6, "");
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, BUDGET - 1e6, uint96(0), _soon()));
        vm.prank(buyer);
        escrow.settle(terms, 0, "", byAgent);
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
    }

    /// INV-3: a settlement conserves the pot for every split.
    function testFuzz_conserves_the_pot(uint96 toAgent) public {
        toAgent = uint96(toAgent % (BUDGET + 1));
        Terms memory terms = _directHire();
        bytes32 taskId = _submitHired(terms);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, BUDGET, toAgent, _soon()));
        uint256 before = usdc.balanceOf(buyer);
        vm.prank(buyer);
        escrow.settle(terms, toAgent, "", byAgent);
        vm.assertEq(usdc.balanceOf(agent) + escrow.feesAccrued(), toAgent);
        vm.assertEq(usdc.balanceOf(buyer) - before, BUDGET - toAgent);
    }

    function _expectSettles(Terms memory terms, function(Terms memory) internal returns (bytes32) reach) private {
        bytes32 taskId = reach(terms);
        bytes memory byBuyer = _auth(BUYER_KEY, abi.encode(SETTLE, taskId, _remainingOf(taskId), TO_AGENT, _soon()));
        vm.prank(agent);
        escrow.settle(terms, TO_AGENT, byBuyer, "");
        _assertEnded(taskId, State.Settled);
    }
}
