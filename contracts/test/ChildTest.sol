// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";

/// @title A parent whose agent passes part of its money on, and the child that it pays.
abstract contract ChildTest is EscrowTest {
    bytes32 internal constant SETTLEMENT =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
    uint96 internal constant CHILD_CAP = 60e6;
    uint96 internal constant CHILD_BUDGET = 40e6;
    uint96 internal constant CHILD_PRICE = 30e6;
    uint256 internal constant WORKER_KEY = 0xf1;

    address internal immutable worker = vm.addr(WORKER_KEY);
    uint256 internal workerId;

    function setUp() public virtual override {
        super.setUp();
        vm.prank(worker);
        workerId = identity.register("ipfs://worker");
    }

    // terms

    function _parent() internal view returns (Terms memory terms) {
        terms = _directHire();
        terms.childCap = CHILD_CAP;
        terms.salt = "parent";
    }

    function _parentAuction() internal view returns (Terms memory terms) {
        terms = _auction();
        terms.childCap = CHILD_CAP;
        terms.salt = "parent auction";
    }

    /// Hired directly by the parent's agent, over two days before the parent is.
    function _childOf(Terms memory parent) internal view returns (Terms memory terms) {
        terms = _directHire();
        terms.buyer = agent;
        terms.agent = worker;
        terms.parent = escrow.taskIdOf(parent);
        terms.budget = CHILD_BUDGET;
        terms.deliverBy = uint40(_now() + 2 days);
        terms.reviewSeconds = 1 days;
        terms.arbiterSeconds = 1 days;
    }

    /// The parent's agent awards by himself.
    function _childAuctionOf(Terms memory parent) internal view returns (Terms memory terms) {
        terms = _childOf(parent);
        terms.agent = address(0);
        terms.awardBy = uint40(_now() + 1 days);
    }

    // steps

    function _fundChild(Terms memory child, Terms memory parent) internal returns (bytes32) {
        vm.prank(child.buyer);
        return escrow.fundChild(child, parent, "");
    }

    function _fundFamily() internal returns (Terms memory parent, Terms memory child) {
        parent = _parent();
        _fund(parent);
        child = _childOf(parent);
        _fundChild(child, parent);
    }

    function _workerBid(Terms memory child) internal view returns (Bid memory bid) {
        bid = _bidFor(child);
        (bid.agent, bid.agentId, bid.minPrice, bid.minWorkSeconds) = (worker, workerId, 1, 1 hours);
    }

    function _awardChild(Terms memory child) internal {
        Bid memory bid = _workerBid(child);
        bytes memory signature = _sign(WORKER_KEY, escrow.bidDigestOf(bid));
        vm.prank(child.awarder == address(0) ? child.buyer : child.awarder);
        escrow.award(child, bid, signature, CHILD_PRICE, 0, "");
    }

    function _submitChild(Terms memory child) internal {
        _skip(1);
        vm.prank(worker);
        escrow.submit(child, workerId, keccak256("child"), "");
    }

    function _disputeChild(Terms memory child) internal {
        _submitChild(child);
        vm.prank(child.buyer);
        escrow.dispute(child, 0, "");
    }

    /// Ends an untouched direct hire in one of six ways.
    function _endParent(Terms memory parent, uint256 way) internal {
        if (way == 0) {
            vm.prank(buyer);
            escrow.cancel(parent, "");
        } else if (way == 1) {
            vm.prank(agent);
            escrow.cancel(parent, "");
        } else if (way == 2) {
            uint96 remaining = _remainingOf(escrow.taskIdOf(parent));
            vm.prank(buyer);
            escrow.release(parent, remaining, "");
        } else {
            _skip(1);
            _submit(parent);
            if (way == 3) _settleHalf(parent);
            else if (way == 4) _rule(parent);
            else _claim(parent);
        }
    }

    function _settleHalf(Terms memory parent) private {
        bytes32 parentId = escrow.taskIdOf(parent);
        uint96 remaining = _remainingOf(parentId);
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLEMENT, parentId, remaining, remaining / 2, _soon()));
        vm.prank(buyer);
        escrow.settle(parent, remaining / 2, "", byAgent);
    }

    function _rule(Terms memory parent) private {
        vm.prank(buyer);
        escrow.dispute(parent, 0, "");
        vm.prank(arbiter);
        escrow.rule(parent, 5_000, 0, "");
    }

    function _claim(Terms memory parent) private {
        _skip(parent.reviewSeconds + 1);
        vm.prank(agent);
        escrow.claim(parent, "");
    }

    // what is seen

    function _assertFamily(Terms memory parent, uint256 remaining, uint256 open, uint256 delegated) internal view {
        bytes32 parentId = escrow.taskIdOf(parent);
        (uint8 openNow, uint96 delegatedNow, address payer) = escrow.childrenOf(parentId);
        vm.assertEq(_remainingOf(parentId), remaining);
        vm.assertEq(openNow, open);
        vm.assertEq(delegatedNow, delegated);
        vm.assertEq(payer, parent.buyer);
    }

    function _expectReturn(Terms memory parent, Terms memory child, uint256 amount, bool toBuyer) internal {
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.ChildReturned(escrow.taskIdOf(parent), escrow.taskIdOf(child), uint96(amount), toBuyer);
    }
}
