// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State, Authorization} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";
import {HostileToken} from "../mocks/HostileToken.sol";
import {Puppet, Storm} from "./Puppets.sol";

/// Fund and award in one transaction, whoever got there first.
contract AwardAndFundTest is EscrowTest {
    bytes32 private constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");
    bytes32 private constant TRANSCRIPT = keccak256("transcript");

    function test_by_the_buyer_out_of_his_allowance() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        _expectBoth(terms, bid);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", _none());
        _assertAwarded(terms);
    }

    function test_carried_with_the_buyers_two_signatures() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        Authorization memory funding = _funding(BUYER_KEY, terms);
        bytes memory auth = _awardAuth(BUYER_KEY, bid);
        _expectBoth(terms, bid);
        vm.prank(stranger);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, auth, funding);
        _assertAwarded(terms);
    }

    function test_by_the_auctioneer_with_the_buyers_authorization() public {
        Terms memory terms = _auction();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        Authorization memory funding = _funding(BUYER_KEY, terms);
        vm.prank(auctioneer);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", funding);
        _assertAwarded(terms);
    }

    function test_at_the_whole_budget_nothing_goes_back() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, BUDGET, 0, "", _none());
        vm.assertEq(_remainingOf(bid.taskId), BUDGET);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - BUDGET);
    }

    /// Front-run: somebody carried the same authorization as a plain fund. It goes on as an award.
    function test_goes_on_where_the_authorization_was_carried_before() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        Authorization memory funding = _funding(BUYER_KEY, terms);
        bytes memory auth = _awardAuth(BUYER_KEY, bid);
        vm.prank(stranger);
        escrow.fundWithAuthorization(terms, funding.validAfter, funding.validBefore, funding.signature);
        vm.prank(stranger);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, auth, funding);
        _assertAwarded(terms);
    }

    function test_goes_on_where_the_buyer_funded_by_allowance_and_takes_no_money_twice() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        _fund(terms);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", _none());
        _assertAwarded(terms);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - PRICE);
    }

    /// What was not used can't be used later: the id exists, and only the escrow may collect.
    function test_an_authorization_that_was_not_needed_funds_nothing_else() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        Authorization memory funding = _funding(BUYER_KEY, terms);
        _fund(terms);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", funding);
        _assertAwarded(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, bid.taskId));
        escrow.fundWithAuthorization(terms, 0, funding.validBefore, funding.signature);
    }

    function test_a_pause_stops_it_where_money_is_missing_only() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        _fund(terms);
        uint256 until = _now() + 1 hours;
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", _none());
        _assertAwarded(terms);
        Terms memory fresh = _buyerAwarded();
        fresh.salt = "fresh";
        _expectRefused(fresh, buyer, "", _none(), abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, until));
    }

    function test_an_allowance_pays_for_nobodys_terms_but_the_senders() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid,) = _signedBid(terms);
        bytes memory auth = _awardAuth(BUYER_KEY, bid);
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer);
        _expectRefused(terms, stranger, auth, _none(), reason);
        Terms memory auction = _auction();
        reason = abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, auctioneer, buyer);
        _expectRefused(auction, auctioneer, "", _none(), reason);
    }

    function test_refuses_anothers_award_and_anothers_authorization() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid,) = _signedBid(terms);
        Authorization memory funding = _funding(BUYER_KEY, terms);
        _expectRefused(
            terms, stranger, "", funding, abi.encodeWithSelector(ITaskEscrow.NotAwarder.selector, stranger, buyer)
        );
        bytes memory forged = _awardAuth(STRANGER_KEY, bid);
        _expectRefused(
            terms, stranger, forged, funding, abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer)
        );
        bytes memory auth = _awardAuth(BUYER_KEY, bid);
        Authorization memory others = _funding(STRANGER_KEY, terms);
        _expectRefused(terms, stranger, auth, others, bytes("FiatTokenV2: invalid signature"));
        Terms memory other = _buyerAwarded();
        other.salt = "other";
        _expectRefused(terms, stranger, auth, _funding(BUYER_KEY, other), bytes("FiatTokenV2: invalid signature"));
    }

    function test_refuses_what_award_refuses_and_takes_no_money() public {
        Terms memory terms = _buyerAwarded();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.PriceOutOfBounds.selector, 1, bid.minPrice, BUDGET));
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, 1, TRANSCRIPT, "", _none());
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, hex"00", PRICE, TRANSCRIPT, "", _none());
        Terms memory hire = _directHire();
        bid.taskId = escrow.taskIdOf(hire);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AlreadyHired.selector, agent));
        vm.prank(buyer);
        escrow.awardAndFund(hire, bid, signature, PRICE, TRANSCRIPT, "", _none());
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    function test_refuses_what_fund_refuses() public {
        Terms memory terms = _buyerAwarded();
        terms.reviewSeconds = 0;
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, 0, 1, 30 days);
        _expectRefused(terms, buyer, "", _none(), reason);
    }

    function test_refuses_a_task_that_is_awarded_or_over() public {
        Terms memory terms = _buyerAwarded();
        _award(terms);
        bytes memory awarded = abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Awarded);
        _expectRefused(terms, buyer, "", _none(), awarded);
        vm.prank(agent);
        escrow.cancel(terms, "");
        bytes memory over = abi.encodeWithSelector(ITaskEscrow.WrongState.selector, State.Refunded);
        _expectRefused(terms, buyer, "", _none(), over);
    }

    function test_refuses_a_buyer_who_has_not_the_money() public {
        Terms memory terms = _buyerAwarded();
        vm.prank(buyer);
        usdc.approve(address(escrow), BUDGET - 1);
        _expectRefused(terms, buyer, "", _none(), bytes("ERC20: transfer amount exceeds allowance"));
        _assertState(escrow.taskIdOf(terms), State.None);
    }

    /// INV-9: the award is written before the money is pulled; what is paid out of it meanwhile is missed at the end.
    function test_reentry_while_it_takes_the_money_pays_nobody() public {
        (HostileToken token, Puppet asBuyer, Terms memory terms) = _hostile();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        Storm storm = new Storm();
        storm.add("release", asBuyer, address(escrow), abi.encodeCall(escrow.release, (terms, PRICE, "")));
        token.setHook(address(storm), abi.encodeCall(storm.run, ()));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, BUDGET - (PRICE - _fee(PRICE)), BUDGET));
        vm.prank(address(asBuyer));
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, "", _none());
        _assertState(bid.taskId, State.None);
        vm.assertEq(token.balanceOf(payee), 0);
    }

    /// The second funding inside the first finds the task there already, and awards nothing twice.
    function test_reentry_into_itself_is_refused() public {
        (HostileToken token, Puppet asBuyer, Terms memory terms) = _hostile();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        bytes memory call_ =
            abi.encodeCall(escrow.awardAndFund, (terms, bid, signature, PRICE, TRANSCRIPT, "", _none()));
        Storm storm = new Storm();
        storm.add("awardAndFund", asBuyer, address(escrow), call_);
        storm.add("fund", asBuyer, address(escrow), abi.encodeCall(escrow.fund, (terms, "")));
        token.setHook(address(storm), abi.encodeCall(storm.run, ()));
        vm.assertTrue(asBuyer.act(address(escrow), call_));
        vm.assertTrue(storm.ran());
        vm.assertEq(storm.successes(), "");
        vm.assertEq(token.balanceOf(address(escrow)), 10 * BUDGET + PRICE);
    }

    function test_refuses_a_fee_on_transfer() public {
        (HostileToken token, Puppet asBuyer, Terms memory terms) = _hostile();
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        token.setMode(HostileToken.Mode.Fee);
        bytes memory call_ =
            abi.encodeCall(escrow.awardAndFund, (terms, bid, signature, PRICE, TRANSCRIPT, "", _none()));
        vm.assertFalse(asBuyer.act(address(escrow), call_));
        _assertState(bid.taskId, State.None);
    }

    function testFuzz_equals_fund_then_award(uint96 budget, uint96 price, bool before) public {
        Terms memory terms = _buyerAwarded();
        terms.budget = uint96(budget % 1_000e6) + 1;
        price = uint96(price % terms.budget) + 1;
        Bid memory bid = _bidFor(terms);
        bid.minPrice = 1;
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        if (before) _fund(terms);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, price, 0, "", _none());
        vm.assertEq(_remainingOf(bid.taskId), price);
        vm.assertEq(usdc.balanceOf(address(escrow)), price);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - price);
    }

    /// Over a token that calls back, with other people's money in the escrow.
    function _hostile() private returns (HostileToken token, Puppet asBuyer, Terms memory terms) {
        token = new HostileToken();
        asBuyer = new Puppet();
        _deployOver(address(token));
        token.mint(address(escrow), 10 * BUDGET);
        token.mint(address(asBuyer), 3 * BUDGET);
        vm.prank(address(asBuyer));
        token.approve(address(escrow), type(uint256).max);
        terms = _buyerAwarded();
        terms.buyer = address(asBuyer);
    }

    function _expectBoth(Terms memory terms, Bid memory bid) private {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(bid.taskId, terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskAwarded(
            bid.taskId, agentId, agent, payee, PRICE, BUDGET - PRICE, escrow.bidDigestOf(bid), TRANSCRIPT
        );
    }

    function _assertAwarded(Terms memory terms) private view {
        (State state, uint96 remaining, uint40 since, uint256 id, address hired, address paid) =
            escrow.taskOf(escrow.taskIdOf(terms));
        vm.assertEq(uint256(state), uint256(State.Awarded));
        vm.assertEq(remaining, PRICE);
        vm.assertEq(since, _now());
        vm.assertEq(id, agentId);
        vm.assertEq(hired, agent);
        vm.assertEq(paid, payee);
        vm.assertEq(usdc.balanceOf(address(escrow)), PRICE);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - PRICE);
    }

    function _expectRefused(
        Terms memory terms,
        address sender,
        bytes memory auth,
        Authorization memory funding,
        bytes memory reason
    ) private {
        (Bid memory bid, bytes memory signature) = _signedBid(terms);
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.awardAndFund(terms, bid, signature, PRICE, TRANSCRIPT, auth, funding);
    }

    function _signedBid(Terms memory terms) private view returns (Bid memory bid, bytes memory signature) {
        bid = _bidFor(terms);
        signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
    }

    function _awardAuth(uint256 key, Bid memory bid) private view returns (bytes memory) {
        return _auth(key, abi.encode(AWARD, bid.taskId, escrow.bidDigestOf(bid), PRICE, TRANSCRIPT, _soon()));
    }

    function _funding(uint256 key, Terms memory terms) private view returns (Authorization memory) {
        uint256 validBefore = _now() + 1 hours;
        return Authorization(0, validBefore, _authorization(key, terms, validBefore));
    }

    function _none() private pure returns (Authorization memory none) {}
}
