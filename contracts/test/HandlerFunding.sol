// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HandlerTasks} from "./HandlerTasks.sol";
import {vm} from "./Vm.sol";
import {Terms, Bid, State, Authorization, PermitSignature} from "../src/interfaces/ITaskEscrow.sol";

/// @title Each way in which a task gets its money.
abstract contract HandlerFunding is HandlerTasks {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");

    uint256 private _salt;

    function fund(uint256 kind, uint256 budget, uint256 window, uint256 how) external {
        Terms memory terms = _invent(kind, budget, window);
        (address sender, bytes memory auth) = _authority(buyer, how, _fundFields(terms));
        if (_try("fund", sender, abi.encodeCall(escrow.fund, (terms, auth)))) _remember(terms);
    }

    /// A stranger pays.
    function fundFor(uint256 kind, uint256 budget, uint256 window) external {
        Terms memory terms = _invent(kind, budget, window);
        bytes memory auth = _auth(BUYER_KEY, _fundFields(terms));
        _payer = stranger;
        bool done = _try("fundFor", stranger, abi.encodeCall(escrow.fundFor, (terms, auth)));
        _payer = address(0);
        if (done) _remember(terms);
    }

    /// Where the token knows no authorization, these calls are refused.
    function fundWithAuthorization(uint256 kind, uint256 budget, uint256 window) external {
        Terms memory terms = _invent(kind, budget, window);
        Authorization memory signed = _authorize(terms.budget, escrow.taskIdOf(terms));
        bytes memory call_ = abi.encodeCall(
            escrow.fundWithAuthorization, (terms, signed.validAfter, signed.validBefore, signed.signature)
        );
        if (_try("fundWithAuthorization", stranger, call_)) _remember(terms);
    }

    function fundWithPermit(uint256 kind, uint256 budget, uint256 window) external {
        Terms memory terms = _invent(kind, budget, window);
        PermitSignature memory permit = PermitSignature(type(uint256).max, _now() + 1 hours, "");
        permit.signature = _sign(BUYER_KEY, _permitDigest(permit));
        bytes memory call_ = abi.encodeCall(escrow.fundWithPermit, (terms, permit, ""));
        if (_try("fundWithPermit", buyer, call_)) _remember(terms);
    }

    function fundBatch(uint256 kind, uint256 budget, uint256 window) external {
        Terms[] memory batch = new Terms[](kind % 3 + 1);
        uint256 sum;
        bytes memory all;
        for (uint256 i; i < batch.length; ++i) {
            batch[i] = _invent(kind >> (2 * i), budget >> i, window);
            sum += batch[i].budget;
            all = bytes.concat(all, escrow.taskIdOf(batch[i]));
        }
        bytes memory call_ = abi.encodeCall(escrow.fundBatch, (batch, _authorize(sum, keccak256(all))));
        if (!_try("fundBatch", stranger, call_)) return;
        for (uint256 i; i < batch.length; ++i) {
            _remember(batch[i]);
        }
    }

    /// Of new terms, or of a task that somebody has funded already.
    function awardAndFund(uint256 kind, uint256 budget, uint256 amount, uint256 how) external {
        Terms memory terms = _invent(1, budget, kind);
        bool fresh = how % 4 != 0;
        if (!fresh) (, terms,) = _pick(kind, AUCTIONED);
        Bid memory bid = _bidOf(terms, 0);
        uint96 price = _upTo(amount, terms.budget);
        bytes memory call_ = _awardAndFundCall(terms, bid, price, how);
        if (_try("awardAndFund", terms.buyer, call_) && fresh) _remember(terms);
    }

    /// By the agent of one of the latest tasks.
    function fundChild(uint256 pick, uint256 budget, uint256 window, uint256 how) external {
        (bytes32 parentId, Terms memory parent, bool none) = _pick(pick, HIRED | AWARDED);
        if (none) return;
        Terms memory child = _invent(how, budget, window);
        child.parent = parentId;
        child.childCap = 0;
        child.buyer = _agentOf(parent);
        if (child.agent != address(0)) child.agent = worker;
        child.budget = _upTo(budget, _remainingOf(parentId) / 2) + 1;
        child.deliverBy = uint40(_now() + 4 hours + (window % 5 days));
        if (child.awardBy != 0) child.awardBy = uint40(_now() + (window % 4 hours));
        (address sender, bytes memory auth) = _authority(child.buyer, how >> 4, _fundFields(child));
        if (_try("fundChild", sender, abi.encodeCall(escrow.fundChild, (child, parent, auth)))) _remember(child);
    }

    function _awardAndFundCall(Terms memory terms, Bid memory bid, uint96 price, uint256 how)
        private
        view
        returns (bytes memory)
    {
        bytes memory signature = _sign(_keyOf(bid.agent), escrow.bidDigestOf(bid));
        Authorization memory funding;
        if (how % 2 == 1) funding = _authorize(terms.budget, bid.taskId);
        return abi.encodeCall(escrow.awardAndFund, (terms, bid, signature, price, 0, "", funding));
    }

    /// Three kinds, windows from a second to some hours; every other hire lets its agent pass money on.
    function _invent(uint256 kind, uint256 budget, uint256 window) internal override returns (Terms memory terms) {
        terms = kind % 4 == 0 ? _directHire() : kind % 4 == 1 ? _buyerAwarded() : _auction();
        terms.salt = bytes32(++_salt);
        terms.budget = uint96(budget % 1e12) + 1;
        terms.childCap = (kind >> 2) % 4 == 0 ? 0 : uint96((uint256(terms.budget) * 3) / 4);
        terms.reviewSeconds = uint32(window % 4 hours) + 1;
        terms.arbiterSeconds = uint32(window % 6 hours) + 1;
        terms.vetoSeconds = uint32(window % 2 hours);
        terms.deliverBy = uint40(_now() + 10 days + (window % 10 days));
        if (terms.awardBy != 0) terms.awardBy = uint40(_now() + (window % 10 days));
        terms.defaultShareBps = uint16(window % 10_001);
    }

    function _fundFields(Terms memory terms) private view returns (bytes memory) {
        return abi.encode(FUND, escrow.taskIdOf(terms), _soon());
    }

    /// The buyer's EIP-3009 signature, or none that helps where the token has no such thing.
    function _authorize(uint256 amount, bytes32 nonce) internal view returns (Authorization memory) {
        return _authorizeTo(address(escrow), amount, nonce);
    }

    function _authorizeTo(address to, uint256 amount, bytes32 nonce) internal view returns (Authorization memory) {
        uint256 validBefore = _now() + 1 hours;
        bytes32 digest = _authorizationDigest(to, amount, validBefore, nonce);
        return Authorization(0, validBefore, _sign(BUYER_KEY, digest));
    }

    function _authorizationDigest(address to, uint256 amount, uint256 validBefore, bytes32 nonce)
        internal
        view
        virtual
        returns (bytes32)
    {
        bytes32 kind = usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        bytes32 intent = keccak256(abi.encode(kind, buyer, to, amount, uint256(0), validBefore, nonce));
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent));
    }

    function _permitDigest(PermitSignature memory permit) internal view virtual returns (bytes32) {
        bytes32 intent = keccak256(
            abi.encode(
                usdc.PERMIT_TYPEHASH(), buyer, address(escrow), permit.value, usdc.nonces(buyer), permit.deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent));
    }
}
