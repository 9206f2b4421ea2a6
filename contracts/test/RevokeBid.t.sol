// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State, Authorization} from "../src/interfaces/ITaskEscrow.sol";

contract RevokeBidTest is EscrowTest {
    bytes32 private constant REVOKE_BID = keccak256("RevokeBid(bytes32 bidDigest,uint40 deadline)");

    Terms private terms;
    Bid private bid;
    bytes32 private digest;
    bytes private signature;

    function setUp() public override {
        super.setUp();
        terms = _buyerAwarded();
        bid = _bidFor(terms);
        digest = escrow.bidDigestOf(bid);
        signature = _sign(AGENT_KEY, digest);
    }

    function test_a_revoked_bid_is_awarded_never_again() public {
        _fund(terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.BidRevoked(bid.taskId, digest, agent);
        vm.prank(agent);
        escrow.revokeBid(bid, "");
        vm.assertTrue(escrow.bidRevoked(digest));
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.BidIsRevoked.selector, digest);
        vm.expectRevert(reason);
        vm.prank(buyer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
        vm.expectRevert(reason);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, 0, "", Authorization(0, 0, ""));
        _assertState(bid.taskId, State.Funded);
    }

    function test_before_its_task_is_funded() public {
        vm.prank(agent);
        escrow.revokeBid(bid, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BidIsRevoked.selector, digest));
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, 0, "", Authorization(0, 0, ""));
    }

    function test_carried_with_the_agents_signature_until_its_deadline() public {
        uint40 deadline = _soon();
        bytes memory auth = _auth(AGENT_KEY, abi.encode(REVOKE_BID, digest, deadline));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.IntentExpired.selector, deadline + 1, deadline));
        escrow.revokeBid(bid, auth);
        vm.warp(deadline);
        vm.prank(stranger);
        escrow.revokeBid(bid, auth);
        vm.assertTrue(escrow.bidRevoked(digest));
    }

    function test_refuses_anybody_but_the_bids_agent() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotAgent.selector, stranger, agent));
        vm.prank(stranger);
        escrow.revokeBid(bid, "");
        bytes memory auth = _auth(STRANGER_KEY, abi.encode(REVOKE_BID, digest, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.revokeBid(bid, auth);
        vm.assertFalse(escrow.bidRevoked(digest));
    }

    /// The signed bid itself is no revocation, and a revocation is of one bid.
    function test_refuses_a_signature_over_another_bid() public {
        bytes memory auth = abi.encodePacked(_soon(), signature);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.revokeBid(bid, auth);
        auth = _auth(AGENT_KEY, abi.encode(REVOKE_BID, digest, _soon()));
        bid.salt = "other";
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        escrow.revokeBid(bid, auth);
    }

    function test_another_bid_of_the_same_agent_stands() public {
        _fund(terms);
        vm.prank(agent);
        escrow.revokeBid(bid, "");
        bid.salt = "second";
        signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.prank(buyer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
        _assertState(bid.taskId, State.Awarded);
    }

    function test_after_the_award_it_is_too_late_to_change_anything() public {
        _award(terms);
        vm.prank(agent);
        escrow.revokeBid(bid, "");
        _assertState(bid.taskId, State.Awarded);
        _submit(terms);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _assertEnded(bid.taskId, State.Released);
    }

    function test_refuses_twice() public {
        vm.startPrank(agent);
        escrow.revokeBid(bid, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BidIsRevoked.selector, digest));
        escrow.revokeBid(bid, "");
        vm.stopPrank();
    }
}
