// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {Terms, Bid, Authorization, State} from "../src/interfaces/ITaskEscrow.sol";

/// A carrier gives each paying verb too little gas, by every amount: it pays in full or it does nothing. INV-6
contract AttackGasTest is ChildTest {
    uint256 private constant LEAST_GAS = 22_000;
    uint256 private constant MOST_GAS = 330_000;
    uint256 private constant STEP = 499;

    struct Seen {
        uint256 buyer;
        uint256 payee;
        uint256 agent;
        uint256 feeOwner;
        uint256 escrow;
        uint256 fees;
        bytes32 task;
        bytes32 parent;
    }

    bytes32 private taskId;
    bytes32 private parentId;

    function test_starving_award() public {
        Terms memory terms = _auction();
        taskId = _fund(terms);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        _sweep(auctioneer, abi.encodeCall(escrow.award, (terms, bid, signature, PRICE, 0, "")));
    }

    /// Money on its way in and out: the budget is taken and the surplus given back, or nothing happens.
    function test_starving_award_and_fund() public {
        Terms memory terms = _buyerAwarded();
        taskId = escrow.taskIdOf(terms);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        Authorization memory none;
        _sweep(buyer, abi.encodeCall(escrow.awardAndFund, (terms, bid, signature, PRICE, 0, "", none)));
    }

    function test_starving_what_a_child_gives_back() public {
        (Terms memory parent, Terms memory child) = _fundFamily();
        (parentId, taskId) = (child.parent, escrow.taskIdOf(child));
        _disputeChild(child);
        bytes memory call_ = abi.encodeCall(escrow.rule, (child, 2_500, bytes32(0), ""));
        _sweep(arbiter, call_);
        vm.prank(buyer);
        escrow.cancel(parent, "");
        _sweep(arbiter, call_);
    }

    function test_starving_veto() public {
        Terms memory terms = _auction();
        taskId = _award(terms);
        _sweep(buyer, abi.encodeCall(escrow.veto, (terms, "")));
    }

    function test_starving_release() public {
        Terms memory terms = _auction();
        taskId = _submitAwarded(terms);
        _sweep(buyer, abi.encodeCall(escrow.release, (terms, PRICE, "")));
        _sweep(buyer, abi.encodeCall(escrow.release, (terms, PRICE / 3, "")));
    }

    function test_starving_claim() public {
        Terms memory terms = _auction();
        taskId = _submitAwarded(terms);
        _skip(terms.reviewSeconds + 1);
        _sweep(agent, abi.encodeCall(escrow.claim, (terms, "")));
    }

    function test_starving_cancel() public {
        Terms memory terms = _auction();
        taskId = _award(terms);
        _sweep(agent, abi.encodeCall(escrow.cancel, (terms, "")));
    }

    function test_starving_cancel_together() public {
        Terms memory terms = _auction();
        taskId = _submitAwarded(terms);
        bytes32 cancel = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(cancel, taskId, PRICE, _soon()));
        _sweep(buyer, abi.encodeCall(escrow.cancelTogether, (terms, "", byAgent)));
    }

    function test_starving_reclaim() public {
        Terms memory terms = _auction();
        taskId = _award(terms);
        vm.warp(terms.deliverBy + 1);
        _sweep(stranger, abi.encodeCall(escrow.reclaim, (terms)));
    }

    function test_starving_settle() public {
        Terms memory terms = _auction();
        taskId = _dispute(terms);
        bytes32 settle = keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(settle, taskId, PRICE, PRICE / 3, _soon()));
        _sweep(buyer, abi.encodeCall(escrow.settle, (terms, PRICE / 3, "", byAgent)));
    }

    function test_starving_rule() public {
        Terms memory terms = _auction();
        taskId = _dispute(terms);
        _sweep(arbiter, abi.encodeCall(escrow.rule, (terms, 5_000, bytes32(0), "")));
    }

    function test_starving_rule_by_default() public {
        Terms memory terms = _auction();
        taskId = _dispute(terms);
        _skip(terms.arbiterSeconds + 1);
        _sweep(stranger, abi.encodeCall(escrow.ruleByDefault, (terms)));
    }

    function test_starving_withdraw() public {
        Terms memory terms = _auction();
        taskId = _submitAwarded(terms);
        usdc.blacklist(payee);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        usdc.unBlacklist(payee);
        uint256 debt = escrow.owed(payee);
        bytes memory call_ = abi.encodeCall(escrow.withdraw, (payee));
        for (uint256 gasLimit = LEAST_GAS; gasLimit < MOST_GAS; gasLimit += STEP) {
            uint256 snapshot = vm.snapshotState();
            (bool done,) = address(escrow).call{gas: gasLimit}(call_);
            vm.assertEq(escrow.owed(payee), done ? 0 : debt);
            vm.assertEq(escrow.totalOwed(), done ? 0 : debt);
            vm.assertEq(usdc.balanceOf(payee), done ? debt : 0);
            vm.revertToState(snapshot);
        }
    }

    function test_starving_collect_fees() public {
        Terms memory terms = _auction();
        taskId = _submitAwarded(terms);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _sweep(stranger, abi.encodeCall(escrow.collectFees, ()));
    }

    /// Either it does what it does with all the gas in the world, or nothing at all.
    function _sweep(address sender, bytes memory call_) private {
        Seen memory before = _see();
        uint256 snapshot = vm.snapshotState();
        vm.assertTrue(_call(sender, MOST_GAS * 10, call_));
        Seen memory after_ = _see();
        vm.revertToState(snapshot);
        uint256 sufficed;
        for (uint256 gasLimit = LEAST_GAS; gasLimit < MOST_GAS; gasLimit += STEP) {
            snapshot = vm.snapshotState();
            bool done = _call(sender, gasLimit, call_);
            if (done) ++sufficed;
            vm.assertEq(escrow.totalOwed(), 0);
            vm.assertEq(abi.encode(_see()), abi.encode(done ? after_ : before));
            vm.revertToState(snapshot);
        }
        vm.assertGe(sufficed, 200, "many limits are enough");
        vm.assertGe((MOST_GAS - LEAST_GAS) / STEP - sufficed, 20, "some limits are not");
    }

    function _call(address sender, uint256 gasLimit, bytes memory call_) private returns (bool done) {
        vm.cool(address(escrow));
        vm.cool(address(usdc));
        vm.prank(sender);
        (done,) = address(escrow).call{gas: gasLimit}(call_);
    }

    function _see() private view returns (Seen memory seen) {
        (State state, uint96 remaining, uint40 since, uint256 id, address hired, address paid) = escrow.taskOf(taskId);
        seen.buyer = usdc.balanceOf(buyer);
        seen.payee = usdc.balanceOf(payee);
        seen.agent = usdc.balanceOf(agent);
        seen.feeOwner = usdc.balanceOf(feeOwner);
        seen.escrow = usdc.balanceOf(address(escrow));
        seen.fees = escrow.feesAccrued();
        seen.task = keccak256(abi.encode(state, remaining, since, id, hired, paid));
        seen.parent = keccak256(abi.encode(_remainingOf(parentId), _stateOf(parentId)));
    }
}
