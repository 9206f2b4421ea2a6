// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow, State, Terms} from "../interfaces/ITaskEscrow.sol";
import {Agreed} from "./Agreed.sol";
import {TaskIds} from "../TaskIds.sol";
import {TaskSlot, funded} from "./TaskSlot.sol";
import {Intents} from "./Intents.sol";
import {VerbRules} from "./VerbRules.sol";

/// @title Tasks that a task pays for: its money moves within the ledger, and comes back there.
/// @notice One level. Nothing of a child's money ever goes to the child's buyer, who is the parent's agent.
abstract contract Children is Intents, VerbRules {
    uint256 private constant MAX_OPEN_CHILDREN = 8;
    uint256 private constant BUYER_AT = 96;

    /// delegated 96 | the parent's buyer 160, from the first child on
    mapping(bytes32 parentId => uint256) private _delegations;

    /// @inheritdoc ITaskEscrow
    function fundChild(Terms calldata child, Terms calldata parent, bytes calldata auth)
        external
        returns (bytes32 childId)
    {
        (bytes32 parentId, Agreed paying, TaskSlot task) = _load(parent);
        (bytes32 id, Agreed paid, TaskSlot unfunded) = _load(child);
        if (parentId != paid.parentOf()) revert ParentDoesNotMatch(parentId, paid.parentOf());
        _requireDelegable(paid, paying, parentId, task);
        _requireBuyerFunds(paid, id, auth);
        _requireUnfunded(id, unfunded);
        _requireFundable(paid);
        uint96 budget = paid.budgetOf();
        uint256 delegated = uint256(uint96(_delegations[parentId])) + budget;
        if (delegated > paying.childCapOf()) revert ChildCapOutOfBounds(delegated, paying.childCapOf());

        _delegations[parentId] = delegated | (uint256(uint160(paying.buyerOf())) << BUYER_AT);
        _tasks[parentId] = task.delegating(budget);
        _tasks[id] = funded(budget);
        _announceFunded(paid, id);
        emit ChildFunded(parentId, id, budget);
        return id;
    }

    /// @inheritdoc ITaskEscrow
    function childrenOf(bytes32 parentId) external view returns (uint8 open, uint96 delegated, address buyer) {
        uint256 delegation = _delegations[parentId];
        return (_tasks[parentId].openChildrenOf(), uint96(delegation), address(uint160(delegation >> BUYER_AT)));
    }

    function _requireBuyerFunds(Agreed terms, bytes32 taskId, bytes calldata auth) internal view {
        if (_isSentBy(Role.Buyer, terms.buyerOf(), auth)) return;
        _requireSigned(terms.buyerOf(), keccak256(abi.encode(FUND, taskId, _deadline(auth))), auth);
    }

    /// @dev TaskFunded(taskId, terms), whose data are the terms as they came, which `_requireFundable` has found clean.
    function _announceFunded(Agreed terms, bytes32 taskId) internal {
        bytes32 topic = TaskFunded.selector;
        uint256 length = TaskIds.TERMS_BYTES;
        // slither-disable-next-line assembly - the terms are told as they lie in calldata
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, terms, length)
            log2(data, length, topic, taskId)
        }
    }

    /// @dev The parent's agent is hired and has not submitted; the child ends, at the latest, before he has to.
    function _requireDelegable(Agreed child, Agreed parent, bytes32 parentId, TaskSlot task) private view {
        _requireHeld(task, State.Awarded);
        (address agent,) = _requireHired(parent, parentId, task);
        if (child.buyerOf() != agent) revert NotAgent(child.buyerOf(), agent);
        if (task.isIn(State.Awarded)) _requireAfter(_vetoUntil(parent, task.sinceOf()));
        if (task.openChildrenOf() == MAX_OPEN_CHILDREN) {
            revert TooManyChildren(MAX_OPEN_CHILDREN + 1, MAX_OPEN_CHILDREN);
        }
        uint96 most = task.remainingOf() - 1;
        if (child.budgetOf() > most) revert AmountOutOfBounds(child.budgetOf(), most);
        uint256 endsAt = uint256(child.deliverByOf()) + child.reviewSecondsOf() + child.arbiterSecondsOf();
        if (endsAt >= parent.deliverByOf()) revert NotEnoughTime(endsAt, parent.deliverByOf());
    }

    /// @dev Ends a task, `toBuyer` of whose money goes back; see `_giveBack`.
    function _end(Agreed terms, bytes32 taskId, TaskSlot task, State state, bool paid, uint96 toBuyer)
        internal
        returns (address receiver)
    {
        _bury(terms, taskId, task, state, paid);
        return _giveBack(terms, taskId, toBuyer, true);
    }

    /// @dev Answers whom to push what goes back to the buyer: 0 where an open parent takes it in. Call before any push.
    function _giveBack(Agreed terms, bytes32 taskId, uint96 amount, bool ended) internal returns (address receiver) {
        if (terms.parentOf() == 0) return terms.buyerOf();
        return _giveToParent(terms.parentOf(), taskId, amount, ended);
    }

    function _pushBack(bytes32 taskId, address receiver, uint96 amount) internal {
        if (receiver != address(0)) _push(taskId, receiver, amount);
    }

    function _giveToParent(bytes32 parentId, bytes32 childId, uint96 amount, bool ended)
        private
        returns (address receiver)
    {
        TaskSlot parent = _tasks[parentId];
        bool open = parent.isHeldUpTo(State.Disputed);
        if (open) _tasks[parentId] = parent.receiving(amount, ended);
        if (amount == 0) return address(0);
        if (open) _delegations[parentId] -= amount;
        else receiver = address(uint160(_delegations[parentId] >> BUYER_AT));
        emit ChildReturned(parentId, childId, amount, !open);
    }
}
