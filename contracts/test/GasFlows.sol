// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, Authorization, PermitSignature} from "../src/interfaces/ITaskEscrow.sol";
import {MockPermit2} from "../mocks/MockPermit2.sol";
import {Deployed} from "./Deployed.sol";

/// @title Every flow of the escrow, as a transaction of its own.
/// @notice Everybody who is paid already holds the token, the price is below the budget, the fee is 1% and some of it
/// is there already: what a market in use costs.
abstract contract GasFlows is ChildTest {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    bytes32 private constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");
    bytes32 private constant SETTLE =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");

    /// The snapshot's group, a file of contracts/gas.
    function _group() internal pure virtual returns (string memory);

    function setUp() public override {
        super.setUp();
        usdc.mint(payee, 1e6);
        usdc.mint(agent, 1e6);
        usdc.mint(worker, 1e6);
        usdc.mint(feeOwner, 1e6);
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
        _snapshot("fund by approve");
        terms.salt = "signature";
        escrow.fund(terms, _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon())));
        _snapshot("fund by signature");
        terms.salt = "authorization";
        Authorization memory authorization = _authorize(terms);
        escrow.fundWithAuthorization(
            terms, authorization.validAfter, authorization.validBefore, authorization.signature
        );
        _snapshot("fund by EIP-3009");
        terms.salt = "payer";
        vm.prank(buyer);
        escrow.fundFor(terms, "");
        _snapshot("fund for a buyer who is the sender");
    }

    /// Without an allowance before or after, since the permit brings exactly the budget; not the buyer's first permit.
    function test_fund_with_permit() public {
        PermitSignature memory permit = _permit();
        usdc.permit(buyer, address(escrow), permit.value, permit.deadline, permit.signature);
        vm.prank(buyer);
        usdc.approve(address(escrow), 0);
        Terms memory terms = _auction();
        permit = _permit();
        vm.prank(buyer);
        escrow.fundWithPermit(terms, permit, "");
        _snapshot("fund by permit");
        terms.salt = "carried";
        permit = _permit();
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
        escrow.fundWithPermit(terms, permit, auth);
        _snapshot("fund by permit, carried");
    }

    /// Not the first nonce of a word; the buyer's approval of Permit2 is not counted.
    function test_fund_with_permit2() public {
        vm.etch(Deployed.PERMIT2, address(Deployed.mockPermit2()).code);
        vm.prank(buyer);
        usdc.approve(Deployed.PERMIT2, type(uint256).max);
        Terms memory terms = _auction();
        bytes memory signature = _signPermit2(terms, 0);
        escrow.fundWithPermit2(terms, 0, _soon(), signature);
        terms.salt = "second";
        signature = _signPermit2(terms, 1);
        escrow.fundWithPermit2(terms, 1, _soon(), signature);
        _snapshot("fund by Permit2");
    }

    function test_fund_a_batch() public {
        for (uint256 count = 1; count <= 10; count += 9) {
            Terms[] memory terms = new Terms[](count);
            bytes32[] memory ids = new bytes32[](count);
            for (uint256 i; i < count; ++i) {
                terms[i] = _auction();
                terms[i].salt = bytes32(count * 100 + i);
                ids[i] = escrow.taskIdOf(terms[i]);
            }
            Authorization memory authorization = _authorizeAs(count * BUDGET, keccak256(abi.encodePacked(ids)));
            escrow.fundBatch(terms, authorization);
            _snapshot(count == 1 ? "fund a batch of one" : "fund a batch of ten");
        }
    }

    function test_award() public {
        _award(_auction());
        _snapshot("award by the awarder");
        Terms memory terms = _auction();
        terms.salt = "carried";
        _fund(terms);
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        escrow.award(terms, bid, signature, PRICE, 0, _awardAuth(AUCTIONEER_KEY, bid));
        _snapshot("award carried");
        vm.prank(buyer);
        escrow.veto(terms, "");
        _snapshot("veto");
    }

    function test_award_and_fund() public {
        Terms memory terms = _buyerAwarded();
        Bid memory bid = _bidFor(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        Authorization memory funding = _authorize(terms);
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, 0, "", funding);
        _snapshot("awardAndFund by the buyer");
        terms.salt = "carried";
        bid = _bidFor(terms);
        signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        funding = _authorize(terms);
        escrow.awardAndFund(terms, bid, signature, PRICE, 0, _awardAuth(BUYER_KEY, bid), funding);
        _snapshot("awardAndFund carried");
        terms.salt = "allowance";
        bid = _bidFor(terms);
        signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.prank(buyer);
        escrow.awardAndFund(terms, bid, signature, PRICE, 0, "", Authorization(0, 0, ""));
        _snapshot("awardAndFund by the buyer's allowance");
    }

    function test_revoke_a_bid() public {
        Bid memory bid = _bidFor(_auction());
        vm.prank(agent);
        escrow.revokeBid(bid, "");
        _snapshot("revoke a bid");
    }

    function test_submit_and_release() public {
        Terms memory terms = _auction();
        _submitAwarded(terms);
        _snapshot("submit awarded");
        vm.prank(buyer);
        escrow.release(terms, PRICE / 2, "");
        _snapshot("release a part");
        vm.prank(buyer);
        escrow.release(terms, PRICE / 2, "");
        _snapshot("release awarded");
        Terms memory hire = _directHire();
        _submitHired(hire);
        _snapshot("submit hired");
        vm.prank(buyer);
        escrow.release(hire, BUDGET, "");
        _snapshot("release hired");
    }

    function test_claim() public {
        Terms memory terms = _auction();
        _submitAwarded(terms);
        _skip(terms.reviewSeconds + 1);
        vm.prank(agent);
        escrow.claim(terms, "");
        _snapshot("claim");
    }

    function test_cancel_and_reclaim() public {
        Terms memory terms = _buyerAwarded();
        _fund(terms);
        vm.prank(buyer);
        escrow.cancel(terms, "");
        _snapshot("cancel by the buyer");
        terms = _auction();
        _fund(terms);
        vm.warp(terms.awardBy + 1);
        escrow.reclaim(terms);
        _snapshot("reclaim");
    }

    function test_dispute_settle_and_rule() public {
        Terms memory terms = _auction();
        _dispute(terms);
        _snapshot("dispute by the buyer");
        vm.prank(arbiter);
        escrow.rule(terms, 5_000, 0, "");
        _snapshot("rule a split");
        terms = _auction();
        terms.salt = "default";
        _dispute(terms);
        _skip(terms.arbiterSeconds + 1);
        escrow.ruleByDefault(terms);
        _snapshot("rule by default");
        terms = _auction();
        terms.salt = "settle";
        bytes32 taskId = _dispute(terms);
        bytes memory auth = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, PRICE, PRICE / 2, _soon()));
        vm.prank(buyer);
        escrow.settle(terms, PRICE / 2, "", auth);
        _snapshot("settle");
    }

    function test_children() public {
        Terms memory parent = _parent();
        parent.childCap = 2 * CHILD_BUDGET;
        _fund(parent);
        Terms memory child = _childOf(parent);
        _fundChild(child, parent);
        _snapshot("fund a first child");
        child.salt = "second";
        _fundChild(child, parent);
        _snapshot("fund a child");
        _submitChild(child);
        vm.prank(agent);
        escrow.release(child, CHILD_BUDGET / 2, "");
        vm.prank(worker);
        escrow.cancel(child, "");
        _snapshot("cancel a child");
    }

    function test_multicall() public {
        bytes[] memory calls = new bytes[](2);
        for (uint256 i; i < 2; ++i) {
            Terms memory terms = _directHire();
            terms.salt = bytes32(i);
            _submitHired(terms);
            calls[i] = abi.encodeCall(ITaskEscrow.release, (terms, BUDGET, ""));
        }
        vm.prank(buyer);
        escrow.multicall(calls);
        _snapshot("multicall of two releases");
    }

    function test_collect_fees() public {
        escrow.collectFees();
        _snapshot("collect fees");
    }

    function _snapshot(string memory flow) internal {
        vm.snapshotGasLastCall(_group(), flow);
    }

    function _authorize(Terms memory terms) private view returns (Authorization memory) {
        uint256 validBefore = _now() + 1 hours;
        return Authorization(0, validBefore, _authorization(BUYER_KEY, terms, validBefore));
    }

    function _authorizeAs(uint256 amount, bytes32 nonce) private view returns (Authorization memory) {
        bytes32 kind = usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        uint256 validBefore = _now() + 1 hours;
        bytes memory intent = abi.encode(kind, buyer, address(escrow), amount, uint256(0), validBefore, nonce);
        return Authorization(0, validBefore, _sign(BUYER_KEY, _tokenDigest(keccak256(intent))));
    }

    function _permit() private view returns (PermitSignature memory) {
        uint256 deadline = _soon();
        bytes memory intent =
            abi.encode(usdc.PERMIT_TYPEHASH(), buyer, address(escrow), uint256(BUDGET), usdc.nonces(buyer), deadline);
        return PermitSignature(BUDGET, deadline, _sign(BUYER_KEY, _tokenDigest(keccak256(intent))));
    }

    function _signPermit2(Terms memory terms, uint256 nonce) private view returns (bytes memory) {
        bytes32 kind = keccak256(
            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,bytes32 taskId)TokenPermissions(address token,uint256 amount)"
        );
        bytes32 permitted = keccak256(
            abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), address(usdc), uint256(BUDGET))
        );
        bytes32 intent =
            keccak256(abi.encode(kind, permitted, address(escrow), nonce, uint256(_soon()), escrow.taskIdOf(terms)));
        bytes32 domain = MockPermit2(Deployed.PERMIT2).DOMAIN_SEPARATOR();
        return _sign(BUYER_KEY, keccak256(abi.encodePacked(hex"1901", domain, intent)));
    }

    function _tokenDigest(bytes32 intent) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent));
    }

    function _awardAuth(uint256 key, Bid memory bid) private view returns (bytes memory) {
        bytes32 digest = escrow.bidDigestOf(bid);
        return _auth(key, abi.encode(AWARD, bid.taskId, digest, PRICE, bytes32(0), _soon()));
    }
}
