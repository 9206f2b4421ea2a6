// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, Refund} from "../src/interfaces/ITaskEscrow.sol";

contract CancelTest is EscrowTest {
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");

    function test_the_agent_gives_back_at_any_time() public {
        _expectAgentCancels(_directHire(), _fund);
        _expectAgentCancels(_auction(), _award);
        _expectAgentCancels(_auctionWith("submitted"), _submitAwarded);
        _expectAgentCancels(_auctionWith("disputed"), _dispute);
    }

    function test_the_buyer_before_an_award_where_he_awards() public {
        Terms memory terms = _buyerAwarded();
        bytes32 taskId = _fund(terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(taskId, buyer, BUDGET, Refund.CancelledByBuyer);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function test_the_buyer_before_a_hired_agent_accepted() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        _assertEnded(taskId, State.Refunded);
    }

    function test_refuses_the_buyer_while_an_auctioneer_may_award() public {
        Terms memory terms = _auction();
        _fund(terms);
        _expectCancelRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.NotAwarder.selector, buyer, auctioneer));
    }

    function test_refuses_the_buyer_after_an_award_or_a_submission() public {
        Terms memory terms = _buyerAwarded();
        _award(terms);
        _expectCancelRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Awarded));
        Terms memory hire = _directHire();
        _submitHired(hire);
        _expectCancelRevert(hire, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Submitted));
    }

    function test_refuses_strangers_and_the_unchosen() public {
        Terms memory terms = _buyerAwarded();
        _fund(terms);
        _expectCancelRevert(terms, agent, abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, agent, buyer));
        bytes memory auth = _authAs(1, AGENT_KEY, abi.encode(CANCEL, escrow.taskIdOf(terms), BUDGET, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        escrow.cancel(terms, auth);
    }

    function test_refuses_after_the_end() public {
        Terms memory terms = _directHire();
        _fund(terms);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        _expectCancelRevert(terms, buyer, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Refunded));
    }

    function test_carried_in_either_role() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        bytes memory fields = abi.encode(CANCEL, taskId, BUDGET, _soon());
        bytes memory wrongRole = _authAs(1, BUYER_KEY, fields);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.cancel(terms, wrongRole);
        escrow.cancel(terms, _authAs(0, BUYER_KEY, fields));
        _assertEnded(taskId, State.Refunded);

        Terms memory other = _directHire();
        other.salt = keccak256("other");
        taskId = _fund(other);
        escrow.cancel(other, _authAs(1, AGENT_KEY, abi.encode(CANCEL, taskId, BUDGET, _soon())));
        _assertEnded(taskId, State.Refunded);
    }

    function test_refuses_an_unknown_role_and_a_short_auth() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        bytes memory auth = _authAs(2, AGENT_KEY, abi.encode(CANCEL, taskId, BUDGET, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadRole.selector, 2));
        escrow.cancel(terms, auth);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadAuth.selector, 5));
        escrow.cancel(terms, hex"0102030405");
    }

    function test_refuses_no_signature_after_the_role() public {
        Terms memory terms = _directHire();
        _fund(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.cancel(terms, abi.encodePacked(_soon(), uint8(1)));
    }

    function test_together_in_a_state_that_the_buyer_cannot_end_alone() public {
        Terms memory terms = _auction();
        bytes32 taskId = _submitAwarded(terms);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(CANCEL, taskId, PRICE, _soon()));
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(taskId, buyer, PRICE, Refund.CancelledTogether);
        vm.prank(buyer);
        escrow.cancelTogether(terms, "", byAgent);
        _assertEnded(taskId, State.Refunded);
    }

    function test_together_carried_by_a_stranger_or_sent_by_the_agent() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _dispute(terms);
        bytes memory fields = abi.encode(CANCEL, taskId, BUDGET, _soon());
        bytes memory byBuyer = _auth(BUYER_KEY, fields);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, stranger, agent));
        vm.prank(stranger);
        escrow.cancelTogether(terms, byBuyer, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.cancelTogether(terms, byBuyer, byBuyer);
        uint256 snapshot = vm.snapshotState();
        escrow.cancelTogether(terms, byBuyer, _auth(AGENT_KEY, fields));
        _assertEnded(taskId, State.Refunded);
        vm.revertToState(snapshot);
        vm.prank(agent);
        escrow.cancelTogether(terms, byBuyer, "");
        _assertEnded(taskId, State.Refunded);
    }

    function test_together_needs_an_agent() public {
        Terms memory terms = _auction();
        bytes32 taskId = _fund(terms);
        bytes memory auth = _auth(AGENT_KEY, abi.encode(CANCEL, taskId, BUDGET, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Funded));
        vm.prank(buyer);
        escrow.cancelTogether(terms, "", auth);
    }

    function _auctionWith(bytes memory salt) private view returns (Terms memory terms) {
        terms = _auction();
        terms.salt = keccak256(salt);
    }

    function _expectAgentCancels(Terms memory terms, function(Terms memory) internal returns (bytes32) reach) private {
        uint256 before = usdc.balanceOf(buyer);
        bytes32 taskId = reach(terms);
        uint96 remaining = _remainingOf(taskId);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskRefunded(taskId, buyer, remaining, Refund.CancelledByAgent);
        vm.prank(agent);
        escrow.cancel(terms, "");
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), before);
        vm.assertEq(escrow.feedbackAgentOf(taskId), 0);
    }

    function _expectCancelRevert(Terms memory terms, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.cancel(terms, "");
    }
}
