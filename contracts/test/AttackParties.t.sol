// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";
import {EndlessWallet} from "../mocks/Wallets.sol";

/// What the parties may try with each other's money.
contract AttackPartiesTest is ChildTest {
    // the auctioneer

    /// He awards to his own Sybil at the whole budget: the buyer takes it all back within the veto, before any work.
    function test_an_auctioneer_who_awards_his_own_sybil_is_vetoed() public {
        Terms memory terms = _auction();
        bytes32 taskId = _fund(terms);
        Bid memory bid = _sybilBid(terms);
        bytes memory signature = _sign(AUCTIONEER_KEY, escrow.bidDigestOf(bid));
        vm.startPrank(auctioneer);
        escrow.award(terms, bid, signature, BUDGET, 0, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TooEarly.selector, _now(), _now() + terms.vetoSeconds));
        escrow.submit(terms, bid.agentId, 0, "");
        vm.stopPrank();
        _skip(terms.vetoSeconds);
        vm.prank(buyer);
        escrow.veto(terms, "");
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    /// Where the buyer sleeps through the veto he still reviews, and the arbiter gives it all back.
    function test_a_sybil_who_was_not_vetoed_delivers_junk_and_gets_nothing() public {
        Terms memory terms = _auction();
        _fund(terms);
        Bid memory bid = _sybilBid(terms);
        bytes memory signature = _sign(AUCTIONEER_KEY, escrow.bidDigestOf(bid));
        vm.startPrank(auctioneer);
        escrow.award(terms, bid, signature, BUDGET, 0, "");
        _skip(terms.vetoSeconds + 1);
        escrow.submit(terms, bid.agentId, 0, "");
        vm.stopPrank();
        vm.prank(buyer);
        escrow.dispute(terms, 0, "");
        vm.prank(arbiter);
        escrow.rule(terms, 0, 0, "");
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6);
    }

    // the buyer

    /// Dead before the award, a wallet that answers nobody: whoever calls, his money goes back to him.
    function test_a_dead_buyers_money_goes_back_to_him_whoever_calls() public {
        Terms memory terms = _auction();
        terms.buyer = address(new EndlessWallet());
        bytes32 taskId = _fundFrom(terms);
        vm.warp(terms.awardBy + 1);
        vm.prank(stranger);
        escrow.reclaim(terms);
        _assertEnded(taskId, State.Refunded);
        vm.assertEq(usdc.balanceOf(terms.buyer), BUDGET);
    }

    /// Dead after the award, he keeps no agent from his pay.
    function test_a_dead_buyer_keeps_nobody_from_being_paid() public {
        Terms memory terms = _directHire();
        terms.buyer = address(new EndlessWallet());
        bytes32 taskId = _fundFrom(terms);
        _skip(1);
        _submit(terms);
        _skip(terms.reviewSeconds + 1);
        vm.prank(agent);
        escrow.claim(terms, "");
        _assertEnded(taskId, State.Claimed);
        vm.assertEq(usdc.balanceOf(agent), BUDGET - _fee(BUDGET));
    }

    // the bid's reader

    function test_refuses_a_bid_in_which_one_field_was_changed() public {
        Terms memory terms = _auction();
        _fund(terms);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        for (uint256 field; field < 6; ++field) {
            bid = _bidFor(terms);
            if (field == 0) bid.payee = stranger;
            if (field == 1) bid.minPrice = 1;
            if (field == 2) bid.minWorkSeconds = 0;
            if (field == 3) ++bid.validUntil;
            if (field == 4) bid.salt = "another";
            if (field == 5) bid.agentId = _secondAgent();
            vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, agent));
            vm.prank(auctioneer);
            escrow.award(terms, bid, signature, PRICE, 0, "");
        }
    }

    /// Token, amount, fee, payee: whatever of the terms is changed, it is another task, without money.
    function test_each_field_of_the_terms_is_in_the_id() public view {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory words = abi.encode(terms);
        for (uint256 field; field < 15; ++field) {
            bytes memory changed = bytes.concat(words);
            changed[field * 32 + 31] ^= 0x01;
            vm.assertTrue(escrow.taskIdOf(abi.decode(changed, (Terms))) != taskId);
        }
    }

    // the parent's agent

    /// A child for his own Sybil, released at once, and the parent left to lie: the buyer loses what he let the agent
    /// pass on, and not a unit more.
    function test_a_self_child_released_at_once_costs_the_cap_and_no_more() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = CHILD_CAP;
        _fundChild(child, parent);
        vm.startPrank(agent);
        escrow.release(child, CHILD_CAP, "");
        child.salt = "more";
        child.budget = 1;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.ChildCapOutOfBounds.selector, CHILD_CAP + 1, CHILD_CAP));
        escrow.fundChild(child, parent, "");
        vm.stopPrank();
        vm.warp(parent.deliverBy + 1);
        escrow.reclaim(parent);
        vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - CHILD_CAP);
        vm.assertEq(usdc.balanceOf(worker), CHILD_CAP - _fee(CHILD_CAP));
    }

    /// Money that goes round through children is not passed on twice: the cap is on what is out, and the fee on what
    /// was paid.
    function test_going_round_through_children_makes_no_money() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.budget = CHILD_CAP;
        for (uint256 i; i < 20; ++i) {
            child.salt = bytes32(i);
            _fundChild(child, parent);
            vm.prank(i % 2 == 0 ? agent : worker);
            escrow.cancel(child, "");
        }
        _assertFamily(parent, BUDGET, 0, 0);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
    }

    /// No child outlives its parent's delivery, so none can be used to hold the parent's money past it.
    function test_every_child_may_be_over_before_the_parent_has_to_be_delivered() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        child.deliverBy = uint40(parent.deliverBy - child.reviewSeconds - child.arbiterSeconds - 1);
        _fundChild(child, parent);
        vm.warp(child.deliverBy);
        vm.prank(worker);
        escrow.submit(child, workerId, 0, "");
        _skip(child.reviewSeconds);
        vm.prank(agent);
        escrow.dispute(child, 0, "");
        _skip(child.arbiterSeconds + 1);
        escrow.ruleByDefault(child);
        vm.assertEq(_now(), parent.deliverBy);
        _submit(parent);
        _assertState(child.parent, State.Submitted);
    }

    // what the token refuses

    /// At release, split and ruling: whoever is on the list is owed, and nobody else waits.
    function test_a_blacklisted_party_locks_nobody_elses_money() public {
        for (uint256 who; who < 3; ++who) {
            for (uint256 verb; verb < 3; ++verb) {
                uint256 snapshot = vm.snapshotState();
                _payWhileOnTheList(who == 0 ? payee : who == 1 ? buyer : feeOwner, verb);
                vm.revertToState(snapshot);
            }
        }
    }

    function test_one_unit_is_settled_and_ruled_whole() public {
        for (uint16 share; share < 10_001; share += 2_500) {
            uint256 snapshot = vm.snapshotState();
            Terms memory terms = _directHire();
            terms.budget = 1;
            _dispute(terms);
            vm.prank(arbiter);
            escrow.rule(terms, share, 0, "");
            uint256 toAgent = share == 10_000 ? 1 : 0;
            vm.assertEq(escrow.feesAccrued(), toAgent);
            vm.assertEq(usdc.balanceOf(buyer), 1_000_000e6 - toAgent);
            vm.assertEq(usdc.balanceOf(address(escrow)), toAgent);
            vm.revertToState(snapshot);
        }
    }

    function _payWhileOnTheList(address who, uint256 verb) private {
        Terms memory terms = _auction();
        bytes32 taskId = verb == 2 ? _dispute(terms) : _submitAwarded(terms);
        uint256 before = usdc.balanceOf(buyer);
        usdc.blacklist(who);
        if (verb == 0) {
            vm.prank(buyer);
            escrow.release(terms, PRICE / 2, "");
            vm.prank(agent);
            escrow.cancel(terms, "");
        } else if (verb == 1) {
            bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLEMENT, taskId, PRICE, PRICE / 2, _soon()));
            vm.prank(buyer);
            escrow.settle(terms, PRICE / 2, "", byAgent);
        } else {
            vm.prank(arbiter);
            escrow.rule(terms, 5_000, 0, "");
        }
        uint256 net = PRICE / 2 - _fee(PRICE / 2);
        vm.assertGe(uint256(_stateOf(taskId)), uint256(State.Released), "over");
        vm.assertEq(usdc.balanceOf(payee), who == payee ? 0 : net);
        vm.assertEq(usdc.balanceOf(buyer), before + (who == buyer ? 0 : PRICE / 2));
        vm.assertEq(escrow.owed(payee), who == payee ? net : 0);
        vm.assertEq(escrow.owed(buyer), who == buyer ? PRICE / 2 : 0);
        vm.assertEq(escrow.feesAccrued(), _fee(PRICE / 2));
    }

    function _sybilBid(Terms memory terms) private returns (Bid memory bid) {
        bid = _bidFor(terms);
        vm.prank(auctioneer);
        bid.agentId = identity.register("ipfs://sybil");
        (bid.agent, bid.payee) = (auctioneer, auctioneer);
    }

    function _secondAgent() private returns (uint256) {
        vm.prank(agent);
        return identity.register("ipfs://second");
    }

    function _fundFrom(Terms memory terms) private returns (bytes32) {
        usdc.mint(terms.buyer, BUDGET);
        vm.prank(terms.buyer);
        usdc.approve(address(escrow), BUDGET);
        return _fund(terms);
    }
}
