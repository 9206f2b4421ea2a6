// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {Terms, Bid} from "../src/interfaces/ITaskEscrow.sol";

/// What each flow costs as a transaction of its own, with a payee who already holds dollars.
/// forge-config: default.isolate = true
contract GasTest is EscrowTest {
    bytes32 private constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");

    function setUp() public override {
        super.setUp();
        usdc.mint(payee, 1e6);
        usdc.mint(agent, 1e6);
        usdc.mint(address(escrow), 1e6);
        Terms memory before = _directHire();
        before.salt = keccak256("before");
        _submitHired(before);
        vm.prank(buyer);
        escrow.release(before, BUDGET / 2, "");
    }

    function test_fund() public {
        Terms memory terms = _auction();
        _fund(terms);
        vm.snapshotGasLastCall("TaskEscrow", "fund by the buyer");
        terms.salt = keccak256("authorization");
        bytes memory signature = _authorization(BUYER_KEY, terms, _now() + 1 hours);
        escrow.fundWithAuthorization(terms, 0, _now() + 1 hours, signature);
        vm.snapshotGasLastCall("TaskEscrow", "fund by authorization");
    }

    function test_award() public {
        _award(_auction());
        vm.snapshotGasLastCall("TaskEscrow", "award by the awarder");
        Terms memory terms = _auction();
        terms.salt = keccak256("carried");
        bytes32 taskId = _fund(terms);
        Bid memory bid = _bidFor(terms);
        bytes32 digest = escrow.bidDigestOf(bid);
        bytes memory auth = _auth(AUCTIONEER_KEY, abi.encode(AWARD, taskId, digest, PRICE, bytes32(0), _soon()));
        escrow.award(terms, bid, _sign(AGENT_KEY, digest), PRICE, 0, auth);
        vm.snapshotGasLastCall("TaskEscrow", "award carried");
    }

    function test_submit_and_release() public {
        Terms memory terms = _auction();
        _submitAwarded(terms);
        vm.snapshotGasLastCall("TaskEscrow", "submit awarded");
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        vm.snapshotGasLastCall("TaskEscrow", "release awarded");
        Terms memory hire = _directHire();
        _submitHired(hire);
        vm.snapshotGasLastCall("TaskEscrow", "submit hired");
        vm.prank(buyer);
        escrow.release(hire, BUDGET, "");
        vm.snapshotGasLastCall("TaskEscrow", "release hired");
    }

    function test_reclaim() public {
        Terms memory terms = _auction();
        _fund(terms);
        vm.warp(terms.awardBy + 1);
        escrow.reclaim(terms);
        vm.snapshotGasLastCall("TaskEscrow", "reclaim");
    }

    function test_dispute_and_rule() public {
        Terms memory terms = _auction();
        _dispute(terms);
        vm.snapshotGasLastCall("TaskEscrow", "dispute by the buyer");
        vm.prank(arbiter);
        escrow.rule(terms, 5_000, 0, "");
        vm.snapshotGasLastCall("TaskEscrow", "rule a split");
    }
}
