// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State, Authorization} from "../src/interfaces/ITaskEscrow.sol";

/// Each way out of each state, while the guardian has paused new money and after the chain has forked; and no way at
/// all back into a task that is over.
contract AttackExitsTest is ChildTest {
    enum Way {
        Veto,
        Release,
        Claim,
        CancelByAgent,
        CancelByBuyer,
        CancelTogether,
        ReclaimUnawarded,
        ReclaimUndelivered,
        Settle,
        Rule,
        RuleByDefault
    }

    bytes32 private constant VETO = keccak256("Veto(bytes32 taskId,uint40 deadline)");
    bytes32 private constant SUBMIT =
        keccak256("Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)");
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");
    bytes32 private constant CLAIM = keccak256("Claim(bytes32 taskId,uint96 remaining,uint40 deadline)");
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");
    bytes32 private constant DISPUTE = keccak256("Dispute(bytes32 taskId,bytes32 evidence,uint40 deadline)");
    bytes32 private constant RULE =
        keccak256("Rule(bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline)");
    uint256 private constant FORK = 31338;

    // sent by the parties themselves

    /// INV-10: however the guardian pauses, money that is in goes its way.
    function test_a_pause_stops_no_exit() public {
        for (uint256 i; i <= uint256(type(Way).max); ++i) {
            Way way = Way(i);
            uint256 snapshot = vm.snapshotState();
            (Terms memory terms, State end) = _prepare(way);
            uint40 until = uint40(_now() + 14 days);
            vm.prank(guardian);
            escrow.pauseFunding(until);
            _leave(way, terms);
            _assertEnded(escrow.taskIdOf(terms), end);
            _assertNothingLeft();
            vm.revertToState(snapshot);
        }
    }

    /// INV-11: stored under one chain id, every task leaves under another.
    function test_a_fork_stops_no_exit() public {
        for (uint256 i; i <= uint256(type(Way).max); ++i) {
            Way way = Way(i);
            uint256 snapshot = vm.snapshotState();
            (Terms memory terms, State end) = _prepare(way);
            vm.chainId(FORK);
            _leave(way, terms);
            _assertEnded(escrow.taskIdOf(terms), end);
            _assertNothingLeft();
            vm.chainId(31337);
            vm.revertToState(snapshot);
        }
    }

    function test_a_fork_stops_no_debt_fee_or_child() public {
        Terms memory parent = _parent();
        _fund(parent);
        Terms memory child = _childOf(parent);
        _fundChild(child, parent);
        usdc.blacklist(worker);
        vm.chainId(FORK);
        vm.prank(agent);
        escrow.release(child, CHILD_BUDGET, "");
        usdc.unBlacklist(worker);
        escrow.withdraw(worker);
        escrow.collectFees();
        vm.prank(buyer);
        escrow.cancel(parent, "");
        vm.assertEq(usdc.balanceOf(address(escrow)), 0);
    }

    // carried

    /// INV-11: what was signed before a fork is worth nothing behind it, verb by verb.
    function test_behind_a_fork_no_old_signature_counts() public {
        for (uint256 i; i <= uint256(type(Way).max); ++i) {
            Way way = Way(i);
            uint256 snapshot = vm.snapshotState();
            (Terms memory terms,) = _prepare(way);
            bytes memory call_ = _carried(way, terms);
            if (call_.length != 0) {
                vm.chainId(FORK);
                _expectBadSignature(call_);
                vm.chainId(31337);
                _carry(call_);
                _assertEnded(escrow.taskIdOf(terms), _stateOf(escrow.taskIdOf(terms)));
            }
            vm.revertToState(snapshot);
        }
    }

    function test_behind_a_fork_no_old_submission_dispute_or_award_counts() public {
        Terms memory terms = _auction();
        _fund(terms);
        _expectForked(_carriedAward(terms));
        _carry(_carriedAward(terms));
        _skip(terms.vetoSeconds + 1);
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory auth = _auth(AGENT_KEY, abi.encode(SUBMIT, taskId, agentId, taskId, _sinceOf(taskId), _soon()));
        bytes memory call_ = abi.encodeCall(escrow.submit, (terms, agentId, taskId, auth));
        _expectForked(call_);
        _carry(call_);
        auth = _authAs(0, BUYER_KEY, abi.encode(DISPUTE, taskId, bytes32(0), _soon()));
        call_ = abi.encodeCall(escrow.dispute, (terms, 0, auth));
        _expectForked(call_);
        _carry(call_);
        _assertState(taskId, State.Disputed);
    }

    // never again

    /// INV-5: each verb, by the party that might do it, in each state that is the last.
    function test_no_verb_does_anything_to_a_task_that_is_over() public {
        for (uint256 i; i <= uint256(type(Way).max); ++i) {
            Way way = Way(i);
            uint256 snapshot = vm.snapshotState();
            (Terms memory terms, State end) = _prepare(way);
            _leave(way, terms);
            uint256 buyers = usdc.balanceOf(buyer);
            for (uint256 again; again <= uint256(type(Way).max); ++again) {
                _expectRefused(Way(again), terms, end);
            }
            _expectOver(buyer, abi.encodeCall(escrow.fund, (terms, "")));
            _expectOver(agent, abi.encodeCall(escrow.submit, (terms, agentId, 0, "")));
            _expectOver(buyer, abi.encodeCall(escrow.dispute, (terms, 0, "")));
            Authorization memory none;
            Bid memory bid = _bidFor(terms);
            bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
            _expectOver(auctioneer, abi.encodeCall(escrow.award, (terms, bid, signature, PRICE, 0, "")));
            _expectOver(buyer, abi.encodeCall(escrow.awardAndFund, (terms, bid, signature, PRICE, 0, "", none)));
            _assertEnded(escrow.taskIdOf(terms), end);
            vm.assertEq(usdc.balanceOf(buyer), buyers);
            vm.revertToState(snapshot);
        }
    }

    // the ways

    /// A task that waits at the door of one way out.
    function _prepare(Way way) private returns (Terms memory terms, State end) {
        terms = way == Way.CancelByBuyer ? _directHire() : _auction();
        if (way == Way.CancelByBuyer || way == Way.ReclaimUnawarded) _fund(terms);
        else if (way == Way.Veto || way == Way.ReclaimUndelivered) _award(terms);
        else if (way < Way.Settle) _submitAwarded(terms);
        else _dispute(terms);
        if (way == Way.Claim) _skip(terms.reviewSeconds + 1);
        if (way == Way.ReclaimUnawarded) vm.warp(terms.awardBy + 1);
        if (way == Way.ReclaimUndelivered) vm.warp(terms.deliverBy + 1);
        if (way == Way.RuleByDefault) _skip(terms.arbiterSeconds + 1);
        return (terms, _endOf(way));
    }

    function _endOf(Way way) private pure returns (State) {
        if (way == Way.Release) return State.Released;
        if (way == Way.Claim) return State.Claimed;
        if (way == Way.Settle) return State.Settled;
        return way == Way.Rule || way == Way.RuleByDefault ? State.Ruled : State.Refunded;
    }

    function _leave(Way way, Terms memory terms) private {
        (address sender, bytes memory call_) = _sent(way, terms);
        vm.prank(sender);
        (bool done,) = address(escrow).call(call_);
        vm.assertTrue(done);
    }

    function _sent(Way way, Terms memory terms) private view returns (address sender, bytes memory call_) {
        bytes32 taskId = escrow.taskIdOf(terms);
        uint96 remaining = _remainingOf(taskId);
        if (way == Way.Veto) return (buyer, abi.encodeCall(escrow.veto, (terms, "")));
        if (way == Way.Release) {
            return (buyer, abi.encodeCall(escrow.release, (terms, remaining == 0 ? 1 : remaining, "")));
        }
        if (way == Way.Claim) return (agent, abi.encodeCall(escrow.claim, (terms, "")));
        if (way == Way.CancelByAgent) return (agent, abi.encodeCall(escrow.cancel, (terms, "")));
        if (way == Way.CancelByBuyer) return (buyer, abi.encodeCall(escrow.cancel, (terms, "")));
        if (way == Way.CancelTogether) {
            bytes memory agreed = _auth(AGENT_KEY, abi.encode(CANCEL, taskId, remaining, _soon()));
            return (buyer, abi.encodeCall(escrow.cancelTogether, (terms, "", agreed)));
        }
        if (way == Way.ReclaimUnawarded || way == Way.ReclaimUndelivered) {
            return (stranger, abi.encodeCall(escrow.reclaim, (terms)));
        }
        if (way == Way.Settle) {
            bytes memory agreed = _auth(AGENT_KEY, abi.encode(SETTLEMENT, taskId, remaining, remaining / 2, _soon()));
            return (buyer, abi.encodeCall(escrow.settle, (terms, remaining / 2, "", agreed)));
        }
        if (way == Way.Rule) return (arbiter, abi.encodeCall(escrow.rule, (terms, 5_000, bytes32(0), "")));
        return (stranger, abi.encodeCall(escrow.ruleByDefault, (terms)));
    }

    /// The same with signatures; empty where nobody has to sign.
    function _carried(Way way, Terms memory terms) private view returns (bytes memory) {
        bytes32 taskId = escrow.taskIdOf(terms);
        uint96 remaining = _remainingOf(taskId);
        bytes memory all = abi.encode(CANCEL, taskId, remaining, _soon());
        if (way == Way.Veto) {
            return abi.encodeCall(escrow.veto, (terms, _auth(BUYER_KEY, abi.encode(VETO, taskId, _soon()))));
        }
        if (way == Way.Release) {
            bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, taskId, remaining, remaining, _soon()));
            return abi.encodeCall(escrow.release, (terms, remaining, auth));
        }
        if (way == Way.Claim) {
            bytes memory auth = _auth(AGENT_KEY, abi.encode(CLAIM, taskId, remaining, _soon()));
            return abi.encodeCall(escrow.claim, (terms, auth));
        }
        if (way == Way.CancelByAgent) return abi.encodeCall(escrow.cancel, (terms, _authAs(1, AGENT_KEY, all)));
        if (way == Way.CancelByBuyer) return abi.encodeCall(escrow.cancel, (terms, _authAs(0, BUYER_KEY, all)));
        if (way == Way.CancelTogether) {
            return abi.encodeCall(escrow.cancelTogether, (terms, _auth(BUYER_KEY, all), _auth(AGENT_KEY, all)));
        }
        if (way == Way.Settle) {
            bytes memory half = abi.encode(SETTLEMENT, taskId, remaining, remaining / 2, _soon());
            bytes memory byBuyer = _auth(BUYER_KEY, half);
            return abi.encodeCall(escrow.settle, (terms, remaining / 2, byBuyer, _auth(AGENT_KEY, half)));
        }
        if (way != Way.Rule) return "";
        bytes memory ruling = abi.encode(RULE, taskId, remaining, uint16(5_000), bytes32(0), _soon());
        return abi.encodeCall(escrow.rule, (terms, 5_000, bytes32(0), _auth(ARBITER_KEY, ruling)));
    }

    function _carriedAward(Terms memory terms) private view returns (bytes memory) {
        bytes32 kind =
            keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");
        Bid memory bid = _bidFor(terms);
        bytes32 digest = escrow.bidDigestOf(bid);
        bytes memory auth = _auth(AUCTIONEER_KEY, abi.encode(kind, bid.taskId, digest, PRICE, bytes32(0), _soon()));
        return abi.encodeCall(escrow.award, (terms, bid, _sign(AGENT_KEY, digest), PRICE, 0, auth));
    }

    function _carry(bytes memory call_) private {
        vm.prank(stranger);
        (bool done,) = address(escrow).call(call_);
        vm.assertTrue(done);
    }

    function _expectForked(bytes memory call_) private {
        vm.chainId(FORK);
        _expectBadSignature(call_);
        vm.chainId(31337);
    }

    function _expectBadSignature(bytes memory call_) private {
        vm.prank(stranger);
        (bool done, bytes memory reason) = address(escrow).call(call_);
        vm.assertFalse(done);
        vm.assertEq(bytes32(bytes4(reason)), bytes32(ITaskEscrow.BadSignature.selector));
    }

    function _expectRefused(Way way, Terms memory terms, State end) private {
        (address sender, bytes memory call_) = _sent(way, terms);
        vm.prank(sender);
        (bool done, bytes memory reason) = address(escrow).call(call_);
        vm.assertFalse(done);
        vm.assertEq(reason, abi.encodeWithSelector(ITaskEscrow.WrongState.selector, end));
    }

    function _expectOver(address sender, bytes memory call_) private {
        vm.prank(sender);
        (bool done,) = address(escrow).call(call_);
        vm.assertFalse(done);
    }

    function _assertNothingLeft() private view {
        vm.assertEq(usdc.balanceOf(address(escrow)), escrow.feesAccrued());
        vm.assertEq(escrow.totalOwed(), 0);
    }
}
