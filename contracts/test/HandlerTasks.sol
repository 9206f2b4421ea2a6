// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HandlerLedger} from "./HandlerLedger.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";

/// @title What people do with a task that has its money: every verb, by its party or carried for it.
abstract contract HandlerTasks is HandlerLedger {
    bytes32 private constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");
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
    bytes32 private constant REVOKE_BID = keccak256("RevokeBid(bytes32 bidDigest,uint40 deadline)");

    mapping(bytes32 bidDigest => bool) private _revoked;
    uint256 public revokedAwards;

    function _invent(uint256 kind, uint256 budget, uint256 window) internal virtual returns (Terms memory);

    // before the work

    function award(uint256 pick, uint256 amount, uint256 how) external {
        (, Terms memory terms, bool none) = _pick(pick, AUCTIONED);
        if (none) return;
        _passTo(terms.awardBy, how % 16 == 0, how);
        Bid memory bid = _bidOf(terms, how >> 2);
        uint96 price = _upTo(amount, terms.budget);
        (address sender, bytes memory call_) = _awardCall(terms, bid, price, how);
        if (_try("award", sender, call_) && _revoked[escrow.bidDigestOf(bid)]) ++revokedAwards;
    }

    function revokeBid(uint256 pick, uint256 how) external {
        (, Terms memory terms, bool none) = _pick(pick, AUCTIONED);
        if (none) return;
        Bid memory bid = _bidOf(terms, how | 1);
        bytes32 digest = escrow.bidDigestOf(bid);
        (address sender, bytes memory auth) = _authority(bid.agent, how >> 8, abi.encode(REVOKE_BID, digest, _soon()));
        if (_try("revokeBid", sender, abi.encodeCall(escrow.revokeBid, (bid, auth)))) _revoked[digest] = true;
    }

    function veto(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, VETOABLE);
        if (none) return;
        _passTo(uint256(_sinceOf(taskId)) + terms.vetoSeconds, how % 4 == 0, how);
        (address sender, bytes memory auth) = _authority(terms.buyer, how >> 2, abi.encode(VETO, taskId, _soon()));
        _try("veto", sender, abi.encodeCall(escrow.veto, (terms, auth)));
    }

    // the work and its end

    function submit(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, HIRED | AWARDED);
        if (none) return;
        uint256 vetoUntil = uint256(_sinceOf(taskId)) + terms.vetoSeconds;
        _passTo(how % 16 == 0 ? terms.deliverBy : vetoUntil, how % 2 == 0, how);
        uint256 id = _agentIdOf(terms);
        bytes memory fields = abi.encode(SUBMIT, taskId, id, taskId, _sinceOf(taskId), _soon());
        (address sender, bytes memory auth) = _authority(_agentOf(terms), how >> 3, fields);
        _try("submit", sender, abi.encodeCall(escrow.submit, (terms, id, taskId, auth)));
    }

    /// A hire that is delivered at once, and at times disputed, so that there is enough to review and to rule.
    function work(uint256 amount, uint256 window, uint256 how) external {
        Terms memory terms = _invent(0, amount, window);
        if (!_try("fund", buyer, abi.encodeCall(escrow.fund, (terms, "")))) return;
        _remember(terms);
        _try("submit", agent, abi.encodeCall(escrow.submit, (terms, agentId, 0, "")));
        if (how % 2 == 0) _try("dispute", buyer, abi.encodeCall(escrow.dispute, (terms, 0, "")));
    }

    function release(uint256 pick, uint256 amount, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, HIRED | AWARDED | SUBMITTED);
        if (none) return;
        uint96 remaining = _remainingOf(taskId);
        uint96 part = amount % 3 == 0 ? remaining : _upTo(amount, remaining);
        (address sender, bytes memory auth) =
            _authority(terms.buyer, how, abi.encode(RELEASE, taskId, remaining, part, _soon()));
        _try("release", sender, abi.encodeCall(escrow.release, (terms, part, auth)));
    }

    function claim(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, SUBMITTED);
        if (none) return;
        _passTo(uint256(_sinceOf(taskId)) + terms.reviewSeconds, how % 8 != 0, how);
        (address sender, bytes memory auth) =
            _authority(_agentOf(terms), how, abi.encode(CLAIM, taskId, _remainingOf(taskId), _soon()));
        _try("claim", sender, abi.encodeCall(escrow.claim, (terms, auth)));
    }

    function cancel(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, HIRED | AUCTIONED | AWARDED);
        if (none) return;
        bool byAgent = how % 4 < 2;
        bytes memory fields = abi.encode(CANCEL, taskId, _remainingOf(taskId), _soon());
        (address sender, bytes memory auth) = _authorityInRole(terms, byAgent, how, fields);
        _try("cancel", sender, abi.encodeCall(escrow.cancel, (terms, auth)));
    }

    function cancelTogether(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, SUBMITTED | DISPUTED);
        if (none) return;
        bytes memory fields = abi.encode(CANCEL, taskId, _remainingOf(taskId), _soon());
        bytes memory byAgent = _auth(_keyOf(_agentOf(terms)), fields);
        (address sender, bytes memory byBuyer) = _authority(terms.buyer, how, fields);
        _try("cancelTogether", sender, abi.encodeCall(escrow.cancelTogether, (terms, byBuyer, byAgent)));
    }

    function reclaim(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, HIRED | AUCTIONED | AWARDED);
        if (none) return;
        bool awaitsAward = terms.agent == address(0) && _stateOf(taskId) == State.Funded;
        _passTo(awaitsAward ? terms.awardBy : terms.deliverBy, how % 3 == 0, how);
        _try("reclaim", stranger, abi.encodeCall(escrow.reclaim, (terms)));
    }

    // the dispute

    function dispute(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, SUBMITTED);
        if (none) return;
        _passTo(uint256(_sinceOf(taskId)) + terms.reviewSeconds, how % 8 == 0, how);
        bytes memory fields = abi.encode(DISPUTE, taskId, bytes32(0), _soon());
        (address sender, bytes memory auth) = _authorityInRole(terms, how % 4 < 2, how >> 3, fields);
        _try("dispute", sender, abi.encodeCall(escrow.dispute, (terms, 0, auth)));
    }

    function settle(uint256 pick, uint256 amount, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, SUBMITTED | DISPUTED);
        if (none) return;
        uint96 remaining = _remainingOf(taskId);
        uint96 toAgent = _upTo(amount, remaining);
        bytes memory fields = abi.encode(SETTLEMENT, taskId, remaining, toAgent, _soon());
        bytes memory byAgent = _auth(_keyOf(_agentOf(terms)), fields);
        (address sender, bytes memory byBuyer) = _authority(terms.buyer, how, fields);
        _try("settle", sender, abi.encodeCall(escrow.settle, (terms, toAgent, byBuyer, byAgent)));
    }

    function rule(uint256 pick, uint256 amount, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, DISPUTED);
        if (none) return;
        _passTo(uint256(_sinceOf(taskId)) + terms.arbiterSeconds, how % 8 == 0, how);
        uint16 share = uint16(amount % 10_002);
        bytes memory fields = abi.encode(RULE, taskId, _remainingOf(taskId), share, bytes32(0), _soon());
        (address sender, bytes memory auth) = _authority(arbiter, how >> 3, fields);
        _try("rule", sender, abi.encodeCall(escrow.rule, (terms, share, 0, auth)));
    }

    function ruleByDefault(uint256 pick, uint256 how) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, DISPUTED);
        if (none) return;
        _passTo(uint256(_sinceOf(taskId)) + terms.arbiterSeconds, how % 8 != 0, how);
        _try("ruleByDefault", stranger, abi.encodeCall(escrow.ruleByDefault, (terms)));
    }

    // several at once, and afterwards

    function multicall(uint256 pick, uint256 amount) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, SUBMITTED);
        if (none) return;
        bytes[] memory calls = new bytes[](2);
        uint96 part = _upTo(amount, _remainingOf(taskId) / 2);
        calls[0] = abi.encodeCall(escrow.release, (terms, part, ""));
        calls[1] = part % 2 == 0 ? abi.encodeCall(escrow.dispute, (terms, 0, "")) : calls[0];
        _try("multicall", terms.buyer, abi.encodeCall(escrow.multicall, (calls)));
    }

    function giveTaskFeedback(uint256 pick, uint256 value) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick, PAID);
        if (none) return;
        bytes memory call_ = abi.encodeCall(
            reputation.giveTaskFeedback,
            (terms, _agentIdOf(terms), int128(uint128(value % 101)), 0, "quality", "", "", "", bytes32(0), bytes(""))
        );
        if (_tryAt("giveTaskFeedback", terms.buyer, address(reputation), call_)) ++_ghosts[taskId].ratings;
    }

    // when, how much, who

    /// To the last second of a window, or the one before or after it, if it lies ahead.
    function _passTo(uint256 limit, bool wanted, uint256 how) internal {
        uint256 step = (how >> 128) % 4;
        uint256 next = limit + (step == 3 ? 2 : step);
        if (wanted && next > _now() + 1 && next < _now() + 40 days) vm.warp(next - 1);
    }

    function _upTo(uint256 amount, uint96 most) internal pure returns (uint96) {
        return uint96(amount % (uint256(most) + 1));
    }

    /// A child is worked on by the worker, everything else by the agent, who is the buyer of children.
    function _agentOf(Terms memory terms) internal view returns (address) {
        return terms.parent == 0 ? agent : worker;
    }

    function _agentIdOf(Terms memory terms) internal view returns (uint256) {
        return terms.parent == 0 ? agentId : workerId;
    }

    /// Odd: of the two bids the one that may be revoked.
    function _bidOf(Terms memory terms, uint256 how) internal view returns (Bid memory bid) {
        bid = _bidFor(terms);
        (bid.agent, bid.agentId) = (_agentOf(terms), _agentIdOf(terms));
        bid.minPrice = 1;
        bid.minWorkSeconds = 1 hours;
        bid.validUntil = terms.deliverBy;
        bid.salt = bytes32(how % 2);
    }

    function _awardCall(Terms memory terms, Bid memory bid, uint96 price, uint256 how)
        private
        view
        returns (address sender, bytes memory call_)
    {
        bytes32 digest = escrow.bidDigestOf(bid);
        bytes memory fields = abi.encode(AWARD, bid.taskId, digest, price, bytes32(0), _soon());
        bytes memory auth;
        (sender, auth) = _authority(terms.awarder == address(0) ? terms.buyer : terms.awarder, how, fields);
        bytes memory signature = _sign(_keyOf(bid.agent), digest);
        call_ = abi.encodeCall(escrow.award, (terms, bid, signature, price, 0, auth));
    }

    /// The party himself, or a stranger who carries his signature.
    function _authority(address party, uint256 how, bytes memory fields)
        internal
        view
        returns (address sender, bytes memory auth)
    {
        if (how % 2 == 0) return (party, "");
        return (stranger, _auth(_keyOf(party), fields));
    }

    function _authorityInRole(Terms memory terms, bool byAgent, uint256 how, bytes memory fields)
        private
        view
        returns (address sender, bytes memory auth)
    {
        address party = byAgent ? _agentOf(terms) : terms.buyer;
        if (how % 2 == 0) return (party, "");
        return (stranger, _authAs(byAgent ? 1 : 0, _keyOf(party), fields));
    }

    function _keyOf(address party) internal view returns (uint256) {
        if (party == buyer) return BUYER_KEY;
        if (party == agent) return AGENT_KEY;
        if (party == worker) return WORKER_KEY;
        return party == arbiter ? ARBITER_KEY : AUCTIONEER_KEY;
    }
}
