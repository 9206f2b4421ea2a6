// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChildTest} from "./ChildTest.sol";
import {Vm, vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";

/// @title The ghost ledger: what happened, told by events alone.
/// @notice A verb may be called in the middle of another one, by a token that calls back. What the outer one has said
/// so far is then booked first; where a call reverts, what it said and what was booked meanwhile is gone with it.
abstract contract HandlerLedger is ChildTest {
    struct Ghost {
        uint256 deposited;
        uint256 passedOn;
        uint256 takenBack;
        uint256 toAgent;
        uint256 toBuyer;
        uint256 finishes;
        uint256 ratings;
        address payer;
        address payee;
        bytes32 parent;
    }

    Terms[] internal _terms;
    bytes32[] public ids;
    mapping(bytes32 taskId => Ghost) internal _ghosts;
    mapping(bytes32 parentId => bytes32[]) internal _children;
    mapping(bytes32 taskId => uint256) internal _caps;
    mapping(address person => int256) public credited;
    mapping(bytes32 verb => uint256) public succeeded;
    mapping(bytes32 verb => uint256) public reverted;
    mapping(State state => uint256) public ended;
    uint256 public fees;
    uint256 public feesCollected;
    uint256 public resurrections;
    /// Who pays where it is not the buyer.
    address internal _payer;

    // calls

    function _try(bytes32 verb, address sender, bytes memory call_) internal returns (bool) {
        return _tryAt(verb, sender, address(escrow), call_);
    }

    /// Any gas but no infinity, since the token may burn all that it gets.
    function _tryAt(bytes32 verb, address sender, address target, bytes memory call_) internal returns (bool done) {
        _bookAll(vm.getRecordedLogs());
        vm.prank(sender);
        (done,) = target.call{gas: 12_000_000}(call_);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        if (done) _bookAll(logs);
        ++(done ? succeeded : reverted)[verb];
    }

    function _remember(Terms memory terms) internal {
        bytes32 taskId = escrow.taskIdOf(terms);
        if (_stateOf(taskId) == State.None) return;
        _terms.push(terms);
        ids.push(taskId);
        _caps[taskId] = terms.childCap;
        if (terms.parent != 0) _children[terms.parent].push(taskId);
    }

    // picks

    uint256 internal constant AWARDED = 1 << uint256(State.Awarded);
    uint256 internal constant SUBMITTED = 1 << uint256(State.Submitted);
    uint256 internal constant DISPUTED = 1 << uint256(State.Disputed);
    uint256 internal constant PAID = (1 << uint256(State.Released)) | (1 << uint256(State.Claimed))
        | (1 << uint256(State.Settled)) | (1 << uint256(State.Ruled));
    /// Funded: with an agent hired directly, or waiting for an award.
    uint256 internal constant HIRED = 1 << 16;
    uint256 internal constant AUCTIONED = 1 << 17;
    /// Awarded by somebody whom the buyer may overrule.
    uint256 internal constant VETOABLE = 1 << 18;

    /// One of the latest tasks, of one of these kinds if there is one; now and then of any.
    function _pick(uint256 pick, uint256 kinds) internal view returns (bytes32 taskId, Terms memory terms, bool none) {
        if (ids.length == 0) return (0, terms, true);
        pick = uint128(pick);
        uint256 recent = ids.length < 16 ? ids.length : 16;
        uint256 chosen = ids.length - 1 - (pick % recent);
        for (uint256 i; pick % 9 != 0 && i < recent; ++i) {
            uint256 index = ids.length - 1 - ((pick + i) % recent);
            if (kinds & _kindsOf(index) == 0) continue;
            chosen = index;
            break;
        }
        return (ids[chosen], _terms[chosen], false);
    }

    function _kindsOf(uint256 index) private view returns (uint256 kinds) {
        State state = _stateOf(ids[index]);
        kinds = 1 << uint256(state);
        if (state == State.Funded) kinds |= _terms[index].agent == address(0) ? AUCTIONED : HIRED;
        bool chosen = state == State.Awarded && _terms[index].awarder != address(0);
        if (chosen && _now() <= uint256(_sinceOf(ids[index])) + _terms[index].vetoSeconds) kinds |= VETOABLE;
    }

    // books

    function _bookAll(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(escrow)) _book(logs[i]);
            else _bookOther(logs[i]);
        }
    }

    /// For contracts beside the escrow.
    function _bookOther(Vm.Log memory log) internal virtual {}

    function _book(Vm.Log memory log) private {
        bytes32 name = log.topics[0];
        if (name == ITaskEscrow.ChildFunded.selector || name == ITaskEscrow.ChildReturned.selector) {
            return _bookChild(log, name == ITaskEscrow.ChildFunded.selector);
        }
        if (name == IPayouts.Withdrawn.selector || name == ITaskEscrow.PaymentOwed.selector) return;
        if (name == ITaskEscrow.FundingPaused.selector || name == ITaskEscrow.BidRevoked.selector) return;
        if (name == ITaskEscrow.FeesCollected.selector) {
            feesCollected += abi.decode(log.data, (uint256));
            return;
        }
        if (_ghosts[log.topics[1]].finishes != 0) ++resurrections;
        _bookTask(log.topics[1], name, log.data);
    }

    function _bookTask(bytes32 taskId, bytes32 name, bytes memory data) private {
        Ghost storage ghost = _ghosts[taskId];
        if (name == ITaskEscrow.TaskFunded.selector) {
            _bookFunded(ghost, abi.decode(data, (Terms)));
        } else if (name == ITaskEscrow.TaskAwarded.selector) {
            (, address paid,, uint96 surplus,,) = abi.decode(data, (address, address, uint96, uint96, bytes32, bytes32));
            ghost.payee = paid;
            _giveBack(ghost, surplus);
        } else if (name == ITaskEscrow.TaskReleased.selector) {
            (uint96 amount, uint96 fee, uint96 remaining, bool claimed) =
                abi.decode(data, (uint96, uint96, uint96, bool));
            _pay(ghost, amount, fee);
            if (remaining == 0) _finish(ghost, claimed ? State.Claimed : State.Released);
        } else if (name == ITaskEscrow.TaskRefunded.selector) {
            (uint96 amount,) = abi.decode(data, (uint96, uint8));
            _giveBack(ghost, amount);
            _finish(ghost, State.Refunded);
        } else if (name == ITaskEscrow.TaskSettled.selector) {
            (uint96 toAgent, uint96 fee, uint96 toBuyer) = abi.decode(data, (uint96, uint96, uint96));
            _pay(ghost, toAgent, fee);
            _giveBack(ghost, toBuyer);
            _finish(ghost, State.Settled);
        } else if (name == ITaskEscrow.TaskRuled.selector) {
            (, uint96 toAgent, uint96 fee, uint96 toBuyer,,) =
                abi.decode(data, (uint16, uint96, uint96, uint96, bool, bytes32));
            _pay(ghost, toAgent, fee);
            _giveBack(ghost, toBuyer);
            _finish(ghost, State.Ruled);
        }
    }

    function _bookFunded(Ghost storage ghost, Terms memory terms) private {
        ghost.deposited = terms.budget;
        ghost.payer = terms.buyer;
        ghost.payee = terms.agent;
        ghost.parent = terms.parent;
        if (terms.parent == 0) credited[_payer == address(0) ? terms.buyer : _payer] -= int256(uint256(terms.budget));
    }

    /// topics: parent, child
    function _bookChild(Vm.Log memory log, bool isFunded) private {
        Ghost storage parent = _ghosts[log.topics[1]];
        if (isFunded) {
            if (parent.finishes != 0) ++resurrections;
            parent.passedOn += abi.decode(log.data, (uint96));
            return;
        }
        (uint96 amount, bool toBuyer) = abi.decode(log.data, (uint96, bool));
        if (toBuyer) credited[parent.payer] += int256(uint256(amount));
        else parent.takenBack += amount;
        if (toBuyer != (parent.finishes != 0)) ++resurrections;
    }

    function _pay(Ghost storage ghost, uint96 amount, uint96 fee) private {
        ghost.toAgent += amount;
        fees += fee;
        credited[ghost.payee] += int256(uint256(amount - fee));
    }

    function _giveBack(Ghost storage ghost, uint96 amount) private {
        ghost.toBuyer += amount;
        if (ghost.parent == 0) credited[ghost.payer] += int256(uint256(amount));
    }

    function _finish(Ghost storage ghost, State state) private {
        ++ghost.finishes;
        ++ended[state];
    }
}
