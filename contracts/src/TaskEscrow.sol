// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ITaskEscrow, Terms, State, Refund} from "./interfaces/ITaskEscrow.sol";
import {Payouts} from "./Payouts.sol";
import {Agreed} from "./escrow/Agreed.sol";
import {TaskSlot} from "./escrow/TaskSlot.sol";
import {Awarding} from "./escrow/Awarding.sol";
import {Fees} from "./escrow/Fees.sol";
import {Funding} from "./escrow/Funding.sol";
import {FundingPause} from "./escrow/FundingPause.sol";
import {Ratings} from "./escrow/Ratings.sol";
import {VerbRules} from "./escrow/VerbRules.sol";

/// @title The money of every task.
/// @notice Immutable, one token. Every verb checks, writes, emits and only then moves tokens, which makes a
/// re-entrancy lock unnecessary. Here is what follows the choice of an agent; how money comes in is in Funding, how an
/// agent is chosen in Awarding, how a task pays for another in Children.
contract TaskEscrow is Awarding {
    constructor(
        address token_,
        address identityRegistry_,
        address reputationRegistry_,
        address permit2_,
        address guardian_,
        address feeOwner_,
        uint16 feeBps_
    )
        Payouts(token_)
        Fees(feeOwner_, feeBps_)
        VerbRules(identityRegistry_)
        Ratings(reputationRegistry_)
        Funding(permit2_)
        FundingPause(guardian_)
    {}

    /// @inheritdoc ITaskEscrow
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            results[i] = Address.functionDelegateCall(address(this), calls[i]);
        }
    }

    /// @inheritdoc ITaskEscrow
    function submit(Terms calldata terms, uint256 agentId, bytes32 deliverable, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Submitted);
        (address agent,) = _requireHired(agreed, taskId, task);
        _requireNotAfter(agreed.deliverByOf());
        if (task.isIn(State.Awarded)) _requireAfter(_vetoUntil(agreed, task.sinceOf()));
        if (!_isSentBy(Role.Agent, agent, auth)) {
            bytes32 intent =
                keccak256(abi.encode(SUBMIT, taskId, agentId, deliverable, task.sinceOf(), _deadline(auth)));
            _requireSigned(agent, intent, auth);
        }
        if (task.isIn(State.Funded)) {
            _requireControl(agent, agentId);
            task = task.hiring(agentId, 0);
        } else if (agentId != task.agentIdOf()) {
            revert AgentDoesNotMatch(agentId, task.agentIdOf());
        }

        _tasks[taskId] = task.submitted();
        emit TaskSubmitted(taskId, agentId, deliverable);
    }

    /// @inheritdoc ITaskEscrow
    /// @dev Not during a dispute: small releases would make the arbiter's signed ruling stale again and again.
    function release(Terms calldata terms, uint96 amount, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Submitted);
        (, address payee) = _requireHired(agreed, taskId, task);
        uint96 remaining = task.remainingOf();
        if (amount == 0 || amount > remaining) revert AmountOutOfBounds(amount, remaining);
        if (!_isSentBy(Role.Buyer, agreed.buyerOf(), auth)) {
            bytes32 intent = keccak256(abi.encode(RELEASE, taskId, remaining, amount, _deadline(auth)));
            _requireSigned(agreed.buyerOf(), intent, auth);
        }

        if (amount == remaining) _end(agreed, taskId, task, State.Released, true, 0);
        else _tasks[taskId] = task.withRemaining(remaining - amount);
        uint96 fee = _chargeFee(amount);
        emit TaskReleased(taskId, payee, amount, fee, remaining - amount, false);
        _push(taskId, payee, amount - fee);
    }

    /// @inheritdoc ITaskEscrow
    function claim(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Submitted);
        _requireAfter(uint256(task.sinceOf()) + agreed.reviewSecondsOf());
        (address agent, address payee) = _hired(agreed, taskId, task);
        uint96 remaining = task.remainingOf();
        if (!_isSentBy(Role.Agent, agent, auth)) {
            _requireSigned(agent, keccak256(abi.encode(CLAIM, taskId, remaining, _deadline(auth))), auth);
        }

        _end(agreed, taskId, task, State.Claimed, true, 0);
        uint96 fee = _chargeFee(remaining);
        emit TaskReleased(taskId, payee, remaining, fee, 0, true);
        _push(taskId, payee, remaining - fee);
    }

    /// @inheritdoc ITaskEscrow
    function cancel(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (bool byAgent, address party) = _acting(agreed, taskId, task, auth);
        if (!byAgent) _requireBuyerMayCancel(agreed, task);
        else if (party == address(0)) revert WrongState(task.stateOf());
        if (auth.length != 0) {
            bytes32 intent = keccak256(abi.encode(CANCEL, taskId, task.remainingOf(), _deadline(auth)));
            _requireSignedWithRole(party, intent, auth);
        }
        _refund(agreed, taskId, task, byAgent ? Refund.CancelledByAgent : Refund.CancelledByBuyer);
    }

    /// @inheritdoc ITaskEscrow
    function cancelTogether(Terms calldata terms, bytes calldata buyerAuth, bytes calldata agentAuth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (address agent,) = _requireHired(agreed, taskId, task);
        uint96 remaining = task.remainingOf();
        if (!_isSentBy(Role.Buyer, agreed.buyerOf(), buyerAuth)) {
            bytes32 intent = keccak256(abi.encode(CANCEL, taskId, remaining, _deadline(buyerAuth)));
            _requireSigned(agreed.buyerOf(), intent, buyerAuth);
        }
        if (!_isSentBy(Role.Agent, agent, agentAuth)) {
            _requireSigned(agent, keccak256(abi.encode(CANCEL, taskId, remaining, _deadline(agentAuth))), agentAuth);
        }
        _refund(agreed, taskId, task, Refund.CancelledTogether);
    }

    /// @inheritdoc ITaskEscrow
    function reclaim(Terms calldata terms) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Awarded);
        bool awaitsAward = task.isIn(State.Funded) && agreed.agentOf() == address(0);
        _requireAfter(awaitsAward ? agreed.awardByOf() : agreed.deliverByOf());
        _refund(agreed, taskId, task, Refund.Reclaimed);
    }

    /// @inheritdoc ITaskEscrow
    function dispute(Terms calldata terms, bytes32 evidence, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Submitted);
        _requireNotAfter(uint256(task.sinceOf()) + agreed.reviewSecondsOf());
        (, address party) = _acting(agreed, taskId, task, auth);
        if (auth.length != 0) {
            bytes32 intent = keccak256(abi.encode(DISPUTE, taskId, evidence, _deadline(auth)));
            _requireSignedWithRole(party, intent, auth);
        }

        _tasks[taskId] = task.entering(State.Disputed);
        emit TaskDisputed(taskId, party, evidence);
    }

    /// @inheritdoc ITaskEscrow
    function settle(Terms calldata terms, uint96 toAgent, bytes calldata buyerAuth, bytes calldata agentAuth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (address agent, address payee) = _requireHired(agreed, taskId, task);
        uint96 remaining = task.remainingOf();
        if (toAgent > remaining) revert AmountOutOfBounds(toAgent, remaining);
        if (!_isSentBy(Role.Buyer, agreed.buyerOf(), buyerAuth)) {
            bytes32 intent = keccak256(abi.encode(SETTLE, taskId, remaining, toAgent, _deadline(buyerAuth)));
            _requireSigned(agreed.buyerOf(), intent, buyerAuth);
        }
        if (!_isSentBy(Role.Agent, agent, agentAuth)) {
            bytes32 intent = keccak256(abi.encode(SETTLE, taskId, remaining, toAgent, _deadline(agentAuth)));
            _requireSigned(agent, intent, agentAuth);
        }

        uint96 toBuyer = remaining - toAgent;
        address receiver = _end(agreed, taskId, task, State.Settled, toAgent != 0, toBuyer);
        uint96 fee = _chargeFee(toAgent);
        emit TaskSettled(taskId, toAgent, fee, toBuyer);
        _push(taskId, payee, toAgent - fee);
        _pushBack(taskId, receiver, toBuyer);
    }

    /// @inheritdoc ITaskEscrow
    function rule(Terms calldata terms, uint16 shareBps, bytes32 reasons, bytes calldata auth) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Disputed);
        _requireNotAfter(uint256(task.sinceOf()) + agreed.arbiterSecondsOf());
        if (shareBps > WHOLE_BPS) revert ShareAboveWhole(shareBps, WHOLE_BPS);
        if (!_isSentBy(Role.Arbiter, agreed.arbiterOf(), auth)) {
            uint96 remaining = task.remainingOf();
            bytes32 intent = keccak256(abi.encode(RULE, taskId, remaining, shareBps, reasons, _deadline(auth)));
            _requireSigned(agreed.arbiterOf(), intent, auth);
        }
        _split(agreed, taskId, task, shareBps, false, reasons);
    }

    /// @inheritdoc ITaskEscrow
    function ruleByDefault(Terms calldata terms) external {
        (bytes32 taskId, Agreed agreed, TaskSlot task) = _load(terms);
        _requireState(task, State.Disputed);
        _requireAfter(uint256(task.sinceOf()) + agreed.arbiterSecondsOf());
        _split(agreed, taskId, task, agreed.defaultShareBpsOf(), true, 0);
    }

    /// @dev Which party acts, where both may: the one whose signature is brought, which the caller still has to check,
    /// else the sender, who must be one of the two. The award is looked up only where it can be the agent.
    function _acting(Agreed terms, bytes32 taskId, TaskSlot task, bytes calldata auth)
        private
        view
        returns (bool byAgent, address party)
    {
        bool signed = auth.length != 0;
        if (signed ? !_namesAgent(auth) : msg.sender == terms.buyerOf()) return (false, terms.buyerOf());
        (party,) = _hired(terms, taskId, task);
        if (!signed && msg.sender != party) revert NotBuyer(msg.sender, terms.buyerOf());
        byAgent = true;
    }

    function _split(Agreed terms, bytes32 taskId, TaskSlot task, uint16 shareBps, bool byDefault, bytes32 reasons)
        private
    {
        (, address payee) = _hired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        uint96 toAgent = _shareDown(remaining, shareBps);
        uint96 toBuyer = remaining - toAgent;

        address receiver = _end(terms, taskId, task, State.Ruled, toAgent != 0, toBuyer);
        uint96 fee = _chargeFee(toAgent);
        emit TaskRuled(taskId, shareBps, toAgent, fee, toBuyer, byDefault, reasons);
        _push(taskId, payee, toAgent - fee);
        _pushBack(taskId, receiver, toBuyer);
    }

    /// @dev The odd unit is the buyer's. A share is at most the whole, and 96 + 16 bits overflow nothing.
    function _shareDown(uint96 amount, uint16 shareBps) private pure returns (uint96) {
        unchecked {
            return uint96((uint256(amount) * shareBps) / WHOLE_BPS);
        }
    }
}
