// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";

contract AwardTest is EscrowTest {
    bytes32 private constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");

    function test_chooses_a_bid_and_returns_the_surplus() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bytes32 taskId = _fund(terms);
        uint256 before = usdc.balanceOf(buyer);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        bytes32 transcript = keccak256("transcript");
        bytes32 digest = escrow.bidDigestOf(bid);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskAwarded(taskId, agentId, agent, payee, PRICE, BUDGET - PRICE, digest, transcript);
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, transcript, "");

        (State state, uint96 remaining, uint40 since, uint256 id, address worker, address paid) = escrow.taskOf(taskId);
        vm.assertEq(uint256(state), uint256(State.Awarded));
        vm.assertEq(remaining, PRICE);
        vm.assertEq(since, _now());
        vm.assertEq(id, agentId);
        vm.assertEq(worker, agent);
        vm.assertEq(paid, payee);
        vm.assertEq(usdc.balanceOf(buyer), before + BUDGET - PRICE);
    }

    function test_the_buyer_awards_where_no_auctioneer_is_named() public {
        Terms memory terms = _buyerAwarded();
        _assertState(_award(terms), State.Awarded);
        Terms memory named = _buyerAwarded();
        named.awarder = buyer;
        _assertState(_award(named), State.Awarded);
    }

    function test_carried_with_the_awarders_signature() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bytes32 taskId = _fund(terms);
        bytes32 digest = escrow.bidDigestOf(bid);
        bytes memory auth = _auth(AUCTIONEER_KEY, abi.encode(AWARD, taskId, digest, PRICE, bytes32(0), _soon()));
        bytes memory signature = _sign(AGENT_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, auctioneer));
        escrow.award(terms, bid, signature, PRICE + 1, 0, auth);
        vm.prank(stranger);
        escrow.award(terms, bid, signature, PRICE, 0, auth);
        _assertState(taskId, State.Awarded);
    }

    function test_bid_digest_is_the_typed_data_that_the_agent_signs() public view {
        Bid memory bid = _bidFor(_auction());
        bytes32 bidType = keccak256(
            "Bid(bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,uint40 validUntil,bytes32 salt)"
        );
        vm.assertEq(escrow.bidDigestOf(bid), _typed(keccak256(abi.encode(bidType, bid))));
    }

    function test_refuses_anybody_but_the_awarder() public {
        Terms memory terms = _auction();
        _expectAwardRevert(
            terms,
            _bidFor(terms),
            PRICE,
            buyer,
            abi.encodeWithSelector(ITaskEscrow.NotAwarder.selector, buyer, auctioneer)
        );
    }

    function test_refuses_a_bid_that_another_key_signed() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        _fund(terms);
        bytes memory signature = _sign(STRANGER_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
    }

    function test_refuses_a_bid_for_another_task() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bid.taskId = keccak256("other");
        _expectAwardRevert(
            terms,
            bid,
            PRICE,
            auctioneer,
            abi.encodeWithSelector(ITaskEscrow.BidForOtherTask.selector, bid.taskId, escrow.taskIdOf(terms))
        );
    }

    function test_refuses_an_expired_bid_and_takes_it_in_its_last_second() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bid.validUntil = uint40(_now() - 1);
        _expectAwardRevert(
            terms, bid, PRICE, auctioneer, abi.encodeWithSelector(ITaskEscrow.BidExpired.selector, _now(), _now() - 1)
        );
        terms.salt = keccak256("again");
        bid = _bidFor(terms);
        bid.validUntil = uint40(_now());
        _assertState(_awardBid(terms, bid, PRICE), State.Awarded);
    }

    function test_refuses_a_price_outside_bid_and_budget() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bytes4 refusal = ITaskEscrow.PriceOutOfBounds.selector;
        _expectAwardRevert(
            terms,
            bid,
            bid.minPrice - 1,
            auctioneer,
            abi.encodeWithSelector(refusal, bid.minPrice - 1, bid.minPrice, BUDGET)
        );
        terms.salt = keccak256("above");
        bid = _bidFor(terms);
        _expectAwardRevert(
            terms, bid, BUDGET + 1, auctioneer, abi.encodeWithSelector(refusal, BUDGET + 1, bid.minPrice, BUDGET)
        );
        terms.salt = keccak256("zero");
        bid = _bidFor(terms);
        bid.minPrice = 0;
        _expectAwardRevert(terms, bid, 0, auctioneer, abi.encodeWithSelector(refusal, 0, 0, BUDGET));
    }

    function test_takes_prices_at_their_bounds() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        vm.assertEq(_remainingOf(_awardBid(terms, bid, bid.minPrice)), bid.minPrice);
        terms.salt = keccak256("budget");
        vm.assertEq(_remainingOf(_awardBid(terms, _bidFor(terms), BUDGET)), BUDGET);
    }

    function test_awards_until_the_last_second_of_award_by() public {
        Terms memory terms = _auction();
        terms.awardBy = uint40(_now());
        _assertState(_award(terms), State.Awarded);
        Terms memory late = _auction();
        Bid memory bid = _bidFor(late);
        _fund(late);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.warp(late.awardBy + 1);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TooLate.selector, late.awardBy + 1, late.awardBy));
        vm.prank(auctioneer);
        escrow.award(late, bid, signature, PRICE, 0, "");
    }

    /// The agent keeps his work time even when the buyer uses the whole veto window.
    function test_refuses_an_award_without_time_for_veto_and_work() public {
        Terms memory terms = _auction();
        terms.deliverBy = uint40(_now() + terms.vetoSeconds + 1 days - 1);
        terms.awardBy = uint40(_now());
        Bid memory bid = _bidFor(terms);
        _expectAwardRevert(
            terms,
            bid,
            PRICE,
            auctioneer,
            abi.encodeWithSelector(ITaskEscrow.NotEnoughTime.selector, terms.deliverBy + 1, terms.deliverBy)
        );
        terms.deliverBy += 1;
        _assertState(_award(terms), State.Awarded);
    }

    function test_the_buyers_own_award_needs_no_time_for_veto() public {
        Terms memory terms = _buyerAwarded();
        terms.deliverBy = uint40(_now() + 1 days);
        terms.awardBy = uint40(_now());
        _assertState(_award(terms), State.Awarded);
    }

    function test_refuses_an_agent_who_is_a_party_or_nobody() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bid.agent = buyer;
        bytes4 refusal = ITaskEscrow.PartiesNotDistinct.selector;
        _expectAwardRevert(terms, bid, PRICE, auctioneer, abi.encodeWithSelector(refusal, buyer));
        terms.salt = keccak256("arbiter");
        bid = _bidFor(terms);
        bid.agent = arbiter;
        _expectAwardRevert(terms, bid, PRICE, auctioneer, abi.encodeWithSelector(refusal, arbiter));
        terms.salt = keccak256("nobody");
        bid = _bidFor(terms);
        bid.agent = address(0);
        _expectAwardRevert(terms, bid, PRICE, auctioneer, abi.encodeWithSelector(IPayouts.ZeroParty.selector));
    }

    function test_refuses_a_payee_that_cannot_hold_the_money() public {
        address[3] memory bad = [address(0), address(escrow), address(usdc)];
        for (uint256 i; i < bad.length; ++i) {
            Terms memory terms = _auction();
            terms.salt = bytes32(i);
            Bid memory bid = _bidFor(terms);
            bid.payee = bad[i];
            _expectAwardRevert(
                terms, bid, PRICE, auctioneer, abi.encodeWithSelector(IPayouts.BadPayee.selector, bad[i])
            );
        }
    }

    function test_refuses_a_direct_hire_and_a_second_award() public {
        Terms memory hire = _directHire();
        _expectAwardRevert(
            hire, _bidFor(hire), PRICE, buyer, abi.encodeWithSelector(ITaskEscrow.AlreadyHired.selector, agent)
        );
        Terms memory terms = _auction();
        _award(terms);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Awarded));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
    }

    function test_refuses_a_task_that_was_never_funded() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.None));
        vm.prank(auctioneer);
        escrow.award(terms, bid, signature, PRICE, 0, "");
    }

    function _expectAwardRevert(Terms memory terms, Bid memory bid, uint96 price, address sender, bytes memory reason)
        private
    {
        _fund(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.award(terms, bid, signature, price, 0, "");
        terms.salt = keccak256(abi.encode(terms.salt, "used"));
    }
}
