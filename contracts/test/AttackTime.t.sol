// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";

/// Every window at its edges, and at the edges of the 40 bits that times are kept in.
contract AttackTimeTest is EscrowTest {
    uint256 private constant LAST = type(uint40).max;

    /// An even id, whose lowest bit lies next to the time's highest.
    function setUp() public override {
        super.setUp();
        vm.prank(agent);
        agentId = identity.register("ipfs://second");
    }

    function test_windows_that_end_beyond_uint40_still_open_and_close() public {
        vm.warp(LAST - 10);
        Terms memory terms = _atTheEnd();
        bytes32 taskId = _awardAtOnce(terms);
        vm.warp(LAST);
        _expect(terms, abi.encodeCall(escrow.veto, (terms, "")), buyer, ITaskEscrow.TooLate.selector);
        _submit(terms);
        vm.assertEq(_sinceOf(taskId), LAST);
        vm.warp(LAST + terms.reviewSeconds);
        _expect(terms, abi.encodeCall(escrow.claim, (terms, "")), agent, ITaskEscrow.TooEarly.selector);
        vm.warp(LAST + terms.reviewSeconds + 1);
        _expect(terms, abi.encodeCall(escrow.dispute, (terms, 0, "")), buyer, ITaskEscrow.TooLate.selector);
        vm.prank(agent);
        escrow.claim(terms, "");
        _assertEnded(taskId, State.Claimed);
    }

    function test_a_dispute_beyond_uint40_harms_no_other_field() public {
        vm.warp(LAST - 10);
        Terms memory terms = _atTheEnd();
        bytes32 taskId = _awardAtOnce(terms);
        vm.warp(LAST);
        _submit(terms);
        vm.warp(LAST + terms.reviewSeconds);
        vm.prank(buyer);
        escrow.dispute(terms, 0, "");
        _assertHired(taskId, State.Disputed);
        vm.warp(LAST + terms.reviewSeconds + terms.arbiterSeconds + 1);
        escrow.ruleByDefault(terms);
        _assertEnded(taskId, State.Ruled);
    }

    function test_submitting_twice_in_the_last_second_of_uint40_harms_no_other_field() public {
        vm.warp(LAST - 10);
        Terms memory terms = _atTheEnd();
        bytes32 taskId = _awardAtOnce(terms);
        vm.warp(LAST);
        _submit(terms);
        vm.prank(agent);
        (bool again,) = address(escrow).call(abi.encodeCall(escrow.submit, (terms, agentId, bytes32("again"), "")));
        _assertHired(taskId, State.Submitted);
        vm.assertTrue(again || _sinceOf(taskId) == LAST);
    }

    function test_nothing_is_funded_beyond_uint40() public {
        Terms memory terms = _directHire();
        terms.deliverBy = uint40(LAST);
        vm.warp(LAST + 1);
        bytes memory reason =
            abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, LAST, LAST + 1, LAST + 1 + 365 days);
        vm.expectRevert(reason);
        vm.prank(buyer);
        escrow.fund(terms, "");
    }

    /// The work time that a bid asks for may be any number: it never wraps around.
    function test_a_bid_that_asks_for_all_the_time_there_is_gets_none() public {
        Terms memory terms = _auction();
        _fund(terms);
        Bid memory bid = _bidFor(terms);
        bid.minWorkSeconds = uint40(LAST);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        uint256 endsAt = _now() + terms.vetoSeconds + LAST;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotEnoughTime.selector, endsAt, terms.deliverBy));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
    }

    /// Submit wins its race with reclaim up to the last second, and afterwards only reclaim runs.
    function test_submitted_in_the_last_second_it_is_reclaimed_in_none() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.warp(terms.deliverBy);
        _submit(terms);
        for (uint256 i; i < 3; ++i) {
            _expect(terms, abi.encodeCall(escrow.reclaim, (terms)), stranger, ITaskEscrow.WrongState.selector);
            _skip(terms.reviewSeconds);
        }
        vm.prank(agent);
        escrow.claim(terms, "");
        _assertEnded(taskId, State.Claimed);
    }

    /// The auctioneer cannot leave an agent without time: the second before deliverBy is too late for any bid.
    function test_refuses_an_award_a_second_before_deliver_by() public {
        Terms memory terms = _auction();
        terms.awardBy = terms.deliverBy;
        _fund(terms);
        Bid memory bid = _bidFor(terms);
        bid.minWorkSeconds = 0;
        bid.validUntil = terms.deliverBy;
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.warp(terms.deliverBy - 1);
        uint256 endsAt = _now() + terms.vetoSeconds;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotEnoughTime.selector, endsAt, terms.deliverBy));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
    }

    /// With no work time asked for there is still a second to submit in: the one after the veto.
    function test_the_least_time_after_an_award_is_enough_to_submit() public {
        Terms memory terms = _auction();
        terms.awardBy = terms.deliverBy;
        bytes32 taskId = _fund(terms);
        Bid memory bid = _bidFor(terms);
        bid.minWorkSeconds = 1;
        bid.validUntil = terms.deliverBy;
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.warp(terms.deliverBy - terms.vetoSeconds - 1);
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
        vm.warp(terms.deliverBy);
        _submit(terms);
        _assertState(taskId, State.Submitted);
    }

    /// A late switch: after deliverBy the deliverable that the buyer reviews stays what it is.
    function test_refuses_another_deliverable_while_the_buyer_reviews() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.warp(terms.deliverBy);
        _submit(terms);
        uint256 since = _sinceOf(taskId);
        _skip(1);
        bytes memory switched = abi.encodeCall(escrow.submit, (terms, agentId, keccak256("other"), ""));
        _expect(terms, switched, agent, ITaskEscrow.TooLate.selector);
        vm.assertEq(_sinceOf(taskId), since);
    }

    /// Junk keeps no buyer from anything: he disputes, also in the review's last second, and the split is the arbiter's.
    function test_a_junk_submission_in_the_last_second_is_disputed_and_refunded() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.warp(terms.deliverBy);
        vm.prank(agent);
        escrow.submit(terms, agentId, 0, "");
        _skip(terms.reviewSeconds);
        vm.prank(buyer);
        escrow.dispute(terms, 0, "");
        vm.prank(arbiter);
        escrow.rule(terms, 0, 0, "");
        _assertEnded(taskId, State.Ruled);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function _atTheEnd() private view returns (Terms memory terms) {
        terms = _auction();
        terms.awardBy = uint40(LAST);
        terms.deliverBy = uint40(LAST);
        terms.vetoSeconds = 9;
    }

    function _awardAtOnce(Terms memory terms) private returns (bytes32) {
        Bid memory bid = _bidFor(terms);
        bid.minWorkSeconds = 1;
        bid.validUntil = uint40(LAST);
        return _awardBid(terms, bid, PRICE);
    }

    function _assertHired(bytes32 taskId, State expected) private view {
        (State state, uint96 remaining,, uint256 id, address worker, address paid) = escrow.taskOf(taskId);
        vm.assertEq(uint256(state), uint256(expected));
        vm.assertEq(remaining, PRICE);
        vm.assertEq(id, agentId);
        vm.assertEq(worker, agent);
        vm.assertEq(paid, payee);
    }

    /// Refused with this error, whatever its fields, and nothing changed.
    function _expect(Terms memory terms, bytes memory call_, address sender, bytes4 selector) private {
        State state = _stateOf(escrow.taskIdOf(terms));
        vm.prank(sender);
        (bool done, bytes memory reason) = address(escrow).call(call_);
        vm.assertFalse(done);
        vm.assertEq(bytes32(bytes4(reason)), bytes32(selector));
        _assertState(escrow.taskIdOf(terms), state);
    }
}
