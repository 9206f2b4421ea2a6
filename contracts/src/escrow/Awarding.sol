// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow, Terms, Bid, State, Refund, Authorization} from "../interfaces/ITaskEscrow.sol";
import {Agreed} from "./Agreed.sol";
import {Funding} from "./Funding.sol";
import {TaskSlot, awarded} from "./TaskSlot.sol";

/// @title How an agent is chosen from signed bids, and how bid and choice are taken back.
abstract contract Awarding is Funding {
    mapping(bytes32 bidDigest => bool) public bidRevoked;

    /// @inheritdoc ITaskEscrow
    function award(
        Terms calldata terms,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Funded);
        address receiver = _award(agreed, taskId, bid, bidSignature, price, transcript, auth);
        _pushBack(taskId, receiver, agreed.budgetOf() - price);
    }

    /// @inheritdoc ITaskEscrow
    /// @dev Nobody can have funded it by another way than the buyer signed: where it is funded, the same authorization
    /// or the buyer himself did it.
    function awardAndFund(
        Terms calldata terms,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth,
        Authorization calldata funding
    ) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        bool unfunded = TaskSlot.unwrap(task) == 0;
        if (unfunded) _admit(agreed, taskId);
        else _requireState(task, State.Funded);
        address receiver = _award(agreed, taskId, bid, bidSignature, price, transcript, auth);
        // slither-disable-next-line reentrancy-benign,reentrancy-events - only a refused push is written after it
        if (unfunded) _takeBudget(agreed, taskId, funding);
        _pushBack(taskId, receiver, agreed.budgetOf() - price);
    }

    /// @inheritdoc ITaskEscrow
    function revokeBid(Bid calldata bid, bytes calldata auth) external {
        bytes32 bidDigest = bidDigestOf(bid);
        _requireNotRevoked(bidDigest);
        if (!_isSentBy(Role.Agent, bid.agent, auth)) {
            _requireSigned(bid.agent, keccak256(abi.encode(REVOKE_BID, bidDigest, _deadline(auth))), auth);
        }
        bidRevoked[bidDigest] = true;
        emit BidRevoked(bid.taskId, bidDigest, bid.agent);
    }

    /// @inheritdoc ITaskEscrow
    function veto(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Awarded);
        _requireNotAfter(_vetoUntil(agreed, task.sinceOf()));
        if (!_isSentBy(Role.Buyer, agreed.buyerOf(), auth)) {
            _requireSigned(agreed.buyerOf(), keccak256(abi.encode(VETO, taskId, _deadline(auth))), auth);
        }
        _refund(agreed, taskId, task, Refund.Vetoed);
    }

    function _refund(Agreed terms, bytes32 taskId, TaskSlot task, Refund reason) internal {
        uint96 amount = task.remainingOf();
        address receiver = _end(terms, taskId, task, State.Refunded, false, amount);
        emit TaskRefunded(taskId, terms.buyerOf(), amount, reason);
        _pushBack(taskId, receiver, amount);
    }

    /// @dev Checks, writes and tells; the caller moves the money, the surplus to the `receiver`.
    function _award(
        Agreed terms,
        bytes32 taskId,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) private returns (address receiver) {
        _requireAwardable(terms, taskId, bid, price);
        bytes32 bidDigest = bidDigestOf(bid);
        _requireNotRevoked(bidDigest);
        _requireSignature(bid.agent, bidDigest, bidSignature);
        _requireAwarder(terms, taskId, bidDigest, price, transcript, auth);

        _storeAward(taskId, awarded(price), bid.agentId, bid.agent, bid.payee);
        uint96 surplus = terms.budgetOf() - price;
        receiver = _giveBack(terms, taskId, surplus, false);
        emit TaskAwarded(taskId, bid.agentId, bid.agent, bid.payee, price, surplus, bidDigest, transcript);
    }

    function _requireAwarder(
        Agreed terms,
        bytes32 taskId,
        bytes32 bidDigest,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) private view {
        address awarder = _buyerAwards(terms) ? terms.buyerOf() : terms.awarderOf();
        if (_isSentBy(Role.Awarder, awarder, auth)) return;
        bytes32 intent = keccak256(abi.encode(AWARD, taskId, bidDigest, price, transcript, _deadline(auth)));
        _requireSigned(awarder, intent, auth);
    }

    function _takeBudget(Agreed terms, bytes32 taskId, Authorization calldata funding) private {
        if (funding.signature.length != 0) return _pullAuthorized(terms.buyerOf(), terms.budgetOf(), taskId, funding);
        if (msg.sender != terms.buyerOf()) revert NotBuyer(msg.sender, terms.buyerOf());
        _pull(terms.buyerOf(), terms.budgetOf());
    }

    function _requireNotRevoked(bytes32 bidDigest) private view {
        if (bidRevoked[bidDigest]) revert BidIsRevoked(bidDigest);
    }
}
