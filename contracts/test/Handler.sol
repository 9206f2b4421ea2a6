// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {Vm, vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";

/// @title Random people doing random verbs, with a ghost ledger beside them.
/// @notice Every verb picks a task and a time near an edge; what reverts changed nothing and is counted. The token
/// refuses some people at random, so that debts come up.
contract Handler is EscrowTest {
    struct Ghost {
        uint256 deposited;
        uint256 toAgent;
        uint256 toBuyer;
        uint256 finishes;
    }

    bytes32 private constant SETTLE =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
    bytes32 private constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");

    Terms[] private _terms;
    bytes32[] public ids;
    mapping(bytes32 taskId => Ghost) public ghosts;
    mapping(bytes32 verb => uint256) public succeeded;
    mapping(bytes32 verb => uint256) public reverted;
    uint256 public minted;
    uint256 public donated;
    uint256 public fees;
    uint256 public resurrections;

    constructor() {
        setUp();
        usdc.mint(buyer, 1e18);
        minted = 1_000_000e6 + 1e18;
    }

    /// Public in its parent, but not for the fuzzer to begin anew.
    function setUp() public override {
        if (address(escrow) == address(0)) super.setUp();
    }

    // verbs

    function fund(uint256 kind, uint96 budget, uint32 window, uint16 share) external {
        Terms memory terms = kind % 3 == 0 ? _directHire() : kind % 3 == 1 ? _buyerAwarded() : _auction();
        terms.salt = bytes32(ids.length);
        terms.budget = uint96(budget % 1e12) + 1;
        terms.reviewSeconds = (window % 1 days) + 1;
        terms.arbiterSeconds = (window % 2 days) + 1;
        terms.vetoSeconds = window % 2 hours;
        terms.deliverBy = uint40(_now() + 1 days + (window % 3 days));
        if (terms.awardBy != 0) terms.awardBy = uint40(_now() + (window % 1 days));
        terms.defaultShareBps = share % 10_001;
        bytes32 taskId = escrow.taskIdOf(terms);
        if (!_try("fund", buyer, abi.encodeCall(escrow.fund, (terms, "")), taskId)) return;
        _terms.push(terms);
        ids.push(taskId);
    }

    function award(uint256 pick, uint96 price) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (none) return;
        Bid memory bid = _bidFor(terms);
        bid.minPrice = 1;
        bid.minWorkSeconds = 1 hours;
        price = uint96(price % (terms.budget + 1));
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        address sender = terms.awarder == address(0) ? buyer : terms.awarder;
        bytes memory call_ = abi.encodeCall(escrow.award, (terms, bid, signature, price, 0, ""));
        _try("award", sender, call_, taskId);
    }

    function veto(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("veto", buyer, abi.encodeCall(escrow.veto, (terms, "")), taskId);
    }

    function submit(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("submit", agent, abi.encodeCall(escrow.submit, (terms, agentId, taskId, "")), taskId);
    }

    function release(uint256 pick, uint96 amount) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (none) return;
        uint96 remaining = _remainingOf(taskId);
        amount = amount % 3 == 0 ? remaining : uint96(amount % (uint256(remaining) + 1));
        _try("release", buyer, abi.encodeCall(escrow.release, (terms, amount, "")), taskId);
    }

    function claim(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("claim", agent, abi.encodeCall(escrow.claim, (terms, "")), taskId);
    }

    function cancel(uint256 pick, bool byAgent) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("cancel", byAgent ? agent : buyer, abi.encodeCall(escrow.cancel, (terms, "")), taskId);
    }

    function cancelTogether(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (none) return;
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(CANCEL, taskId, _remainingOf(taskId), _soon()));
        _try("cancelTogether", buyer, abi.encodeCall(escrow.cancelTogether, (terms, "", byAgent)), taskId);
    }

    function reclaim(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("reclaim", stranger, abi.encodeCall(escrow.reclaim, (terms)), taskId);
    }

    function dispute(uint256 pick, bool byAgent) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("dispute", byAgent ? agent : buyer, abi.encodeCall(escrow.dispute, (terms, 0, "")), taskId);
    }

    function settle(uint256 pick, uint96 toAgent) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (none) return;
        uint96 remaining = _remainingOf(taskId);
        toAgent = uint96(toAgent % (uint256(remaining) + 1));
        bytes memory byAgent = _auth(AGENT_KEY, abi.encode(SETTLE, taskId, remaining, toAgent, _soon()));
        _try("settle", buyer, abi.encodeCall(escrow.settle, (terms, toAgent, "", byAgent)), taskId);
    }

    function rule(uint256 pick, uint16 share) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("rule", arbiter, abi.encodeCall(escrow.rule, (terms, share % 10_002, 0, "")), taskId);
    }

    function ruleByDefault(uint256 pick) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (!none) _try("ruleByDefault", stranger, abi.encodeCall(escrow.ruleByDefault, (terms)), taskId);
    }

    function withdraw(uint256 who) external {
        address owner = who % 3 == 0 ? buyer : who % 3 == 1 ? agent : payee;
        usdc.unBlacklist(owner);
        _try("withdraw", stranger, abi.encodeCall(escrow.withdraw, (owner)), 0);
    }

    function collectFees() external {
        _try("collectFees", stranger, abi.encodeCall(escrow.collectFees, ()), 0);
    }

    // the world

    function blacklist(uint256 who) external {
        address account = who % 6 == 0 ? buyer : who % 6 == 1 ? agent : payee;
        if (who % 2 == 0) usdc.blacklist(account);
        else usdc.unBlacklist(account);
        if (who % 6 == 0) usdc.unBlacklist(buyer);
    }

    function donate(uint96 amount) external {
        uint256 gift = uint256(amount % 1e6) + 1;
        usdc.mint(address(escrow), gift);
        donated += gift;
        minted += gift;
    }

    function pass(uint32 duration) external {
        _skip(duration % 6 hours);
    }

    /// To the second before, of, or after one of a task's limits.
    function passToAnEdge(uint256 pick, uint256 which) external {
        (bytes32 taskId, Terms memory terms, bool none) = _pick(pick);
        if (none) return;
        uint256 since = _sinceOf(taskId);
        uint256[5] memory edges = [
            uint256(terms.awardBy),
            terms.deliverBy,
            since + terms.vetoSeconds,
            since + terms.reviewSeconds,
            since + terms.arbiterSeconds
        ];
        uint256 next = edges[which % 5] + (which / 5) % 3;
        if (next > _now() + 1 && next < _now() + 2 days) vm.warp(next - 1);
    }

    // reads for the invariants

    function count() external view returns (uint256) {
        return ids.length;
    }

    function remainingOf(bytes32 taskId) external view returns (uint256) {
        return _remainingOf(taskId);
    }

    function escrowBalance() external view returns (uint256) {
        return usdc.balanceOf(address(escrow));
    }

    /// What everybody but the escrow holds.
    function heldOutside() external view returns (uint256) {
        return usdc.balanceOf(buyer) + usdc.balanceOf(agent) + usdc.balanceOf(payee) + usdc.balanceOf(feeOwner);
    }

    function owedToAll() external view returns (uint256) {
        return escrow.owed(buyer) + escrow.owed(agent) + escrow.owed(payee);
    }

    function totalOwed() external view returns (uint256) {
        return escrow.totalOwed();
    }

    function feesAccrued() external view returns (uint256) {
        return escrow.feesAccrued();
    }

    function feesCollected() external view returns (uint256) {
        return usdc.balanceOf(feeOwner);
    }

    function isOver(bytes32 taskId) external view returns (bool) {
        return _stateOf(taskId) > State.Disputed;
    }

    function _pick(uint256 pick) private view returns (bytes32 taskId, Terms memory terms, bool none) {
        if (ids.length == 0) return (0, terms, true);
        uint256 recent = ids.length < 6 ? ids.length : 6;
        uint256 chosen = ids.length - 1 - (pick % recent);
        return (ids[chosen], _terms[chosen], false);
    }

    function _try(bytes32 verb, address sender, bytes memory call_, bytes32 taskId) private returns (bool done) {
        State before = _stateOf(taskId);
        vm.recordLogs();
        vm.prank(sender);
        (done,) = address(escrow).call(call_);
        ++(done ? succeeded : reverted)[verb];
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(escrow)) _book(logs[i]);
        }
        if (!done || taskId == 0) return done;
        if (before > State.Disputed) ++resurrections;
        else if (_stateOf(taskId) > State.Disputed) ++ghosts[taskId].finishes;
    }

    /// The ghost ledger knows events only: they alone must tell where the money went.
    function _book(Vm.Log memory log) private {
        Ghost storage ghost = ghosts[log.topics.length > 1 ? log.topics[1] : bytes32(0)];
        bytes32 name = log.topics[0];
        if (name == ITaskEscrow.TaskFunded.selector) {
            ghost.deposited = abi.decode(log.data, (Terms)).budget;
        } else if (name == ITaskEscrow.TaskAwarded.selector) {
            (,,, uint96 surplus,,) = abi.decode(log.data, (address, address, uint96, uint96, bytes32, bytes32));
            ghost.toBuyer += surplus;
        } else if (name == ITaskEscrow.TaskReleased.selector) {
            (uint96 amount, uint96 fee,,) = abi.decode(log.data, (uint96, uint96, uint96, bool));
            ghost.toAgent += amount;
            fees += fee;
        } else if (name == ITaskEscrow.TaskRefunded.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint8));
            ghost.toBuyer += amount;
        } else if (name == ITaskEscrow.TaskSettled.selector) {
            (uint96 toAgent, uint96 fee, uint96 toBuyer) = abi.decode(log.data, (uint96, uint96, uint96));
            _bookSplit(ghost, toAgent, fee, toBuyer);
        } else if (name == ITaskEscrow.TaskRuled.selector) {
            (, uint96 toAgent, uint96 fee, uint96 toBuyer,,) =
                abi.decode(log.data, (uint16, uint96, uint96, uint96, bool, bytes32));
            _bookSplit(ghost, toAgent, fee, toBuyer);
        }
    }

    function _bookSplit(Ghost storage ghost, uint96 toAgent, uint96 fee, uint96 toBuyer) private {
        ghost.toAgent += toAgent;
        ghost.toBuyer += toBuyer;
        fees += fee;
    }
}
