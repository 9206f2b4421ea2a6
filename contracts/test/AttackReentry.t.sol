// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";
import {HostileToken} from "../mocks/HostileToken.sol";
import {Puppet, Storm} from "./Puppets.sol";

/// The token hands control to people who hold every role, in the middle of each verb, and they try all verbs. INV-9
contract AttackReentryTest is EscrowTest {
    HostileToken private token;
    Storm private storm;
    Puppet private asBuyer;
    Puppet private asAgent;
    Puppet private asArbiter;
    Puppet private asAuctioneer;
    bytes32 private taskId;

    function setUp() public override {
        super.setUp();
        token = new HostileToken();
        _deployOver(address(token));
        (asBuyer, asAgent, asArbiter, asAuctioneer) = (new Puppet(), new Puppet(), new Puppet(), new Puppet());
        vm.prank(address(asAgent));
        agentId = identity.register("ipfs://puppet");
        token.mint(address(asBuyer), BUDGET);
        vm.prank(address(asBuyer));
        token.approve(address(escrow), type(uint256).max);
        storm = new Storm();
    }

    // on the way in

    /// Paid before it came, the money is missed at the end and everything is undone.
    function test_reentry_into_every_verb_while_fund_takes_the_money() public {
        _fundVictim();
        Terms memory terms = _puppetHire();
        _brew(terms);
        token.setHook(address(storm), abi.encodeCall(storm.run, ()));
        vm.prank(address(asBuyer));
        (bool done,) = address(escrow).call(abi.encodeCall(escrow.fund, (terms, "")));
        vm.assertFalse(done);
        _assertState(taskId, State.None);
        vm.assertEq(token.balanceOf(address(escrow)), BUDGET);
        vm.assertEq(token.balanceOf(address(asBuyer)), BUDGET);
    }

    /// Balanced by a second task the books still agree: nobody has gained a unit.
    function test_reentry_that_balances_the_first_fund_by_a_second_gains_nothing() public {
        _fundVictim();
        Terms memory terms = _puppetHire();
        Terms memory second = _puppetHire();
        second.salt = "second";
        second.budget = uint96(BUDGET - _fee(BUDGET));
        token.mint(address(asBuyer), second.budget);
        storm.add("release", asBuyer, address(escrow), abi.encodeCall(escrow.release, (terms, BUDGET, "")));
        storm.add("fund", asBuyer, address(escrow), abi.encodeCall(escrow.fund, (second, "")));
        token.setHook(address(storm), abi.encodeCall(storm.run, ()));
        vm.prank(address(asBuyer));
        escrow.fund(terms, "");
        vm.assertEq(storm.successes(), "release fund ");
        uint256 liabilities = BUDGET + second.budget + escrow.feesAccrued();
        vm.assertEq(token.balanceOf(address(escrow)), liabilities);
        vm.assertEq(token.balanceOf(address(asAgent)), BUDGET - _fee(BUDGET));
    }

    // on the way out, where the verb ends the task: nothing about it is left to do

    function test_reentry_during_veto() public {
        Terms memory terms = _awardPuppet();
        _expectCalm(terms, asBuyer, abi.encodeCall(escrow.veto, (terms, "")), BUDGET, 0);
    }

    function test_reentry_during_release_of_everything() public {
        Terms memory terms = _submitPuppet();
        _expectCalm(terms, asBuyer, abi.encodeCall(escrow.release, (terms, PRICE, "")), BUDGET - PRICE, PRICE);
    }

    function test_reentry_during_claim() public {
        Terms memory terms = _submitPuppet();
        _skip(terms.reviewSeconds + 1);
        _expectCalm(terms, asAgent, abi.encodeCall(escrow.claim, (terms, "")), BUDGET - PRICE, PRICE);
    }

    function test_reentry_during_cancel_by_the_agent() public {
        Terms memory terms = _submitPuppet();
        _expectCalm(terms, asAgent, abi.encodeCall(escrow.cancel, (terms, "")), BUDGET, 0);
    }

    function test_reentry_during_cancel_by_the_buyer() public {
        Terms memory terms = _puppetHire();
        _fund(terms);
        _expectCalm(terms, asBuyer, abi.encodeCall(escrow.cancel, (terms, "")), BUDGET, 0);
    }

    function test_reentry_during_cancel_together() public {
        Terms memory terms = _submitPuppet();
        bytes memory call_ = abi.encodeCall(escrow.cancelTogether, (terms, "", _approval()));
        _expectCalm(terms, asBuyer, call_, BUDGET, 0);
    }

    function test_reentry_during_reclaim() public {
        Terms memory terms = _awardPuppet();
        vm.warp(terms.deliverBy + 1);
        _expectCalm(terms, asBuyer, abi.encodeCall(escrow.reclaim, (terms)), BUDGET, 0);
    }

    /// Two pushes: in the middle of the first, the second has still to come.
    function test_reentry_during_settle() public {
        Terms memory terms = _submitPuppet();
        bytes memory call_ = abi.encodeCall(escrow.settle, (terms, PRICE / 4, "", _approval()));
        _expectCalm(terms, asBuyer, call_, BUDGET - PRICE / 4, PRICE / 4);
    }

    function test_reentry_during_rule() public {
        Terms memory terms = _disputePuppet();
        bytes memory call_ = abi.encodeCall(escrow.rule, (terms, 2_500, bytes32(0), ""));
        _expectCalm(terms, asArbiter, call_, BUDGET - PRICE / 4, PRICE / 4);
    }

    function test_reentry_during_rule_by_default() public {
        Terms memory terms = _disputePuppet();
        _skip(terms.arbiterSeconds + 1);
        _expectCalm(terms, asBuyer, abi.encodeCall(escrow.ruleByDefault, (terms)), BUDGET - PRICE / 2, PRICE / 2);
    }

    function test_reentry_during_withdraw() public {
        Terms memory terms = _submitPuppet();
        token.refuse(address(asAgent));
        asBuyer.act(address(escrow), abi.encodeCall(escrow.release, (terms, PRICE, "")));
        vm.assertEq(escrow.owed(address(asAgent)), PRICE - _fee(PRICE));
        token.refuse(address(0));
        bytes memory call_ = abi.encodeCall(escrow.withdraw, (address(asAgent)));
        _expectCalm(terms, asBuyer, call_, BUDGET - PRICE, PRICE);
    }

    function test_reentry_during_collect_fees() public {
        Terms memory terms = _submitPuppet();
        asBuyer.act(address(escrow), abi.encodeCall(escrow.release, (terms, PRICE, "")));
        _storm(terms, asBuyer, abi.encodeCall(escrow.collectFees, ()));
        vm.assertEq(storm.successes(), "giveTaskFeedback ");
        vm.assertEq(token.balanceOf(feeOwner), _fee(PRICE));
        vm.assertEq(token.balanceOf(address(escrow)), 0);
    }

    // on the way out, where the task goes on

    /// During the push of the surplus the task is awarded: what the parties then do is what they may do.
    function test_reentry_during_award() public {
        Terms memory terms = _puppetAuction();
        _fund(terms);
        Bid memory bid = _puppetBid(terms);
        _storm(terms, asAuctioneer, abi.encodeCall(escrow.award, (terms, bid, "", PRICE, 0, "")));
        _assertBalanced();
        vm.assertEq(token.balanceOf(address(asBuyer)) + token.balanceOf(address(escrow)) + _received(), BUDGET);
        vm.assertFalse(storm.succeeded("award"));
        vm.assertFalse(storm.succeeded("fund"));
    }

    function test_reentry_during_release_of_a_part() public {
        Terms memory terms = _submitPuppet();
        _storm(terms, asBuyer, abi.encodeCall(escrow.release, (terms, PRICE / 2, "")));
        _assertBalanced();
        vm.assertEq(token.balanceOf(address(asBuyer)) + token.balanceOf(address(escrow)) + _received(), BUDGET);
        vm.assertTrue(storm.succeeded("releaseOne"));
        vm.assertFalse(storm.succeeded("release"));
    }

    // read-only

    function test_views_are_true_in_the_middle_of_every_payment() public {
        Terms memory terms = _disputePuppet();
        token.setHook(address(this), abi.encodeCall(this.assertTrueNow, ()));
        asArbiter.act(address(escrow), abi.encodeCall(escrow.rule, (terms, 2_500, bytes32(0), "")));
        vm.assertTrue(token.hookSucceeded());
    }

    /// What somebody who reads in the middle of a payment may rely on: the end is booked, the money is there.
    function assertTrueNow() external view {
        _assertEnded(taskId, State.Ruled);
        vm.assertEq(escrow.feedbackAgentOf(taskId), agentId);
        vm.assertEq(escrow.feesAccrued(), _fee(PRICE / 4));
        vm.assertEq(escrow.totalOwed(), 0);
        vm.assertEq(token.balanceOf(address(escrow)), PRICE);
    }

    /// Nothing but the feedback, which this end has earned, and the fees, which it has accrued.
    function _expectCalm(Terms memory terms, Puppet who, bytes memory call_, uint256 toBuyer, uint256 gross) private {
        _storm(terms, who, call_);
        vm.assertEq(storm.successes(), gross == 0 ? "" : "collectFees giveTaskFeedback ");
        vm.assertEq(token.balanceOf(address(asBuyer)), toBuyer);
        vm.assertEq(token.balanceOf(address(asAgent)), gross - _fee(gross));
        vm.assertEq(token.balanceOf(feeOwner), _fee(gross));
        vm.assertEq(token.balanceOf(address(escrow)), 0);
    }

    function _storm(Terms memory terms, Puppet who, bytes memory call_) private {
        _brew(terms);
        token.setHook(address(storm), abi.encodeCall(storm.run, ()));
        vm.assertTrue(who.act(address(escrow), call_));
        vm.assertTrue(storm.ran());
    }

    /// Every verb, by the party that may do it.
    function _brew(Terms memory terms) private {
        taskId = escrow.taskIdOf(terms);
        bytes memory approval = _approval();
        _add("fund", asBuyer, abi.encodeCall(escrow.fund, (terms, "")));
        _add("award", asAuctioneer, abi.encodeCall(escrow.award, (terms, _puppetBid(terms), "", PRICE, 0, "")));
        _add("veto", asBuyer, abi.encodeCall(escrow.veto, (terms, "")));
        _add("submit", asAgent, abi.encodeCall(escrow.submit, (terms, agentId, bytes32("again"), "")));
        _add("release", asBuyer, abi.encodeCall(escrow.release, (terms, PRICE, "")));
        _add("releaseOne", asBuyer, abi.encodeCall(escrow.release, (terms, 1, "")));
        _add("claim", asAgent, abi.encodeCall(escrow.claim, (terms, "")));
        _add("dispute", asBuyer, abi.encodeCall(escrow.dispute, (terms, 0, "")));
        _add("settle", asBuyer, abi.encodeCall(escrow.settle, (terms, 1, "", approval)));
        _add("rule", asArbiter, abi.encodeCall(escrow.rule, (terms, 5_000, bytes32(0), "")));
        _add("ruleByDefault", asBuyer, abi.encodeCall(escrow.ruleByDefault, (terms)));
        _add("cancelByAgent", asAgent, abi.encodeCall(escrow.cancel, (terms, "")));
        _add("cancelByBuyer", asBuyer, abi.encodeCall(escrow.cancel, (terms, "")));
        _add("cancelTogether", asBuyer, abi.encodeCall(escrow.cancelTogether, (terms, "", approval)));
        _add("reclaim", asBuyer, abi.encodeCall(escrow.reclaim, (terms)));
        _add("withdrawBuyer", asBuyer, abi.encodeCall(escrow.withdraw, (address(asBuyer))));
        _add("withdrawAgent", asBuyer, abi.encodeCall(escrow.withdraw, (address(asAgent))));
        _add("collectFees", asBuyer, abi.encodeCall(escrow.collectFees, ()));
        bytes memory feedback = abi.encodeCall(
            reputation.giveTaskFeedback, (terms, agentId, int128(5), 0, "", "", "", "", bytes32(0), bytes(""))
        );
        storm.add("giveTaskFeedback", asBuyer, address(reputation), feedback);
    }

    /// Other people's money, to be after.
    function _fundVictim() private {
        token.mint(buyer, BUDGET);
        vm.prank(buyer);
        token.approve(address(escrow), BUDGET);
        _fund(_directHire());
    }

    function _add(string memory name, Puppet who, bytes memory call_) private {
        storm.add(name, who, address(escrow), call_);
    }

    function _assertBalanced() private view {
        uint256 liabilities = _remainingOf(taskId) + escrow.totalOwed() + escrow.feesAccrued();
        vm.assertEq(token.balanceOf(address(escrow)), liabilities);
    }

    function _received() private view returns (uint256) {
        return token.balanceOf(address(asAgent)) + token.balanceOf(feeOwner);
    }

    function _awardPuppet() private returns (Terms memory terms) {
        terms = _puppetAuction();
        _fund(terms);
        Bid memory bid = _puppetBid(terms);
        vm.prank(address(asAuctioneer));
        escrow.award(terms, bid, "", PRICE, 0, "");
    }

    function _submitPuppet() private returns (Terms memory terms) {
        terms = _awardPuppet();
        _skip(terms.vetoSeconds + 1);
        vm.prank(address(asAgent));
        escrow.submit(terms, agentId, keccak256("deliverable"), "");
    }

    function _disputePuppet() private returns (Terms memory terms) {
        terms = _submitPuppet();
        taskId = escrow.taskIdOf(terms);
        vm.prank(address(asBuyer));
        escrow.dispute(terms, 0, "");
    }

    function _puppetHire() private view returns (Terms memory terms) {
        terms = _directHire();
        (terms.buyer, terms.agent, terms.arbiter) = (address(asBuyer), address(asAgent), address(asArbiter));
    }

    function _puppetAuction() private view returns (Terms memory terms) {
        terms = _auction();
        (terms.buyer, terms.arbiter, terms.awarder) = (address(asBuyer), address(asArbiter), address(asAuctioneer));
    }

    function _puppetBid(Terms memory terms) private view returns (Bid memory bid) {
        bid = _bidFor(terms);
        (bid.agent, bid.payee) = (address(asAgent), address(asAgent));
    }

    /// Any bytes will do for a puppet.
    function _approval() private view returns (bytes memory) {
        return abi.encodePacked(uint40(_now() + 30 days), uint8(1));
    }
}
