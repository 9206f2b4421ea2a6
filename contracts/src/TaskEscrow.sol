// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ITaskEscrow, Terms, Bid, State, Refund} from "./interfaces/ITaskEscrow.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {TaskSlot, funded} from "./escrow/TaskSlot.sol";
import {Intents} from "./escrow/Intents.sol";
import {Payouts} from "./escrow/Payouts.sol";
import {VerbRules} from "./escrow/VerbRules.sol";
import {FundingPause} from "./escrow/FundingPause.sol";

/// @title The money of every task.
/// @notice Immutable, one token. Every verb checks, writes, emits and only then moves tokens, which makes a
/// re-entrancy lock unnecessary.
contract TaskEscrow is Intents, VerbRules, FundingPause {
    constructor(address token_, address identityRegistry_, address guardian_, address feeOwner_, uint16 feeBps_)
        Payouts(token_, feeOwner_, feeBps_)
        VerbRules(identityRegistry_)
        FundingPause(guardian_)
    {}

    /// @inheritdoc ITaskEscrow
    function fund(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId) {
        taskId = taskIdOf(terms);
        if (!_isSentBy(Role.Buyer, terms.buyer, auth)) {
            _requireSigned(terms.buyer, keccak256(abi.encode(FUND, taskId, _deadline(auth))), auth);
        }
        uint256 balance = _open(taskId, terms);
        if (!IERC20(token).transferFrom(terms.buyer, address(this), terms.budget)) revert TransferFailed();
        _requireReceived(balance, terms.budget);
    }

    /// @inheritdoc ITaskEscrow
    /// @dev The token checks the buyer's signature, whose nonce binds these terms.
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 taskId) {
        taskId = taskIdOf(terms);
        uint256 balance = _open(taskId, terms);
        IReceiveWithAuthorization(token).receiveWithAuthorization(
            terms.buyer, address(this), terms.budget, validAfter, validBefore, taskId, signature
        );
        _requireReceived(balance, terms.budget);
    }

    /// @inheritdoc ITaskEscrow
    function award(
        Terms calldata terms,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Funded);
        _requireAwardable(terms, taskId, bid, price);
        bytes32 bidDigest = bidDigestOf(bid);
        _requireSignature(bid.agent, bidDigest, bidSignature);
        _requireAwarder(terms, taskId, bidDigest, price, transcript, auth);

        _storeAward(taskId, funded(price).entering(State.Awarded), bid.agentId, bid.agent, bid.payee);
        uint96 surplus = terms.budget - price;
        emit TaskAwarded(taskId, bid.agentId, bid.agent, bid.payee, price, surplus, bidDigest, transcript);
        _push(taskId, terms.buyer, surplus);
    }

    /// @inheritdoc ITaskEscrow
    function veto(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Awarded);
        _requireNotAfter(_vetoUntil(terms, task.sinceOf()));
        if (!_isSentBy(Role.Buyer, terms.buyer, auth)) {
            _requireSigned(terms.buyer, keccak256(abi.encode(VETO, taskId, _deadline(auth))), auth);
        }
        _refund(terms, taskId, task, Refund.Vetoed);
    }

    /// @inheritdoc ITaskEscrow
    function submit(Terms calldata terms, uint256 agentId, bytes32 deliverable, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Submitted);
        (address agent,) = _requireHired(terms, taskId, task);
        _requireNotAfter(terms.deliverBy);
        if (task.stateOf() == State.Awarded) _requireAfter(_vetoUntil(terms, task.sinceOf()));
        if (!_isSentBy(Role.Agent, agent, auth)) {
            bytes32 intent = keccak256(abi.encode(SUBMIT, taskId, agentId, deliverable, task.sinceOf(), _deadline(auth)));
            _requireSigned(agent, intent, auth);
        }
        if (task.stateOf() == State.Funded) {
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
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Submitted);
        (, address payee) = _requireHired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        if (amount == 0 || amount > remaining) revert AmountOutOfBounds(amount, remaining);
        if (!_isSentBy(Role.Buyer, terms.buyer, auth)) {
            bytes32 intent = keccak256(abi.encode(RELEASE, taskId, remaining, amount, _deadline(auth)));
            _requireSigned(terms.buyer, intent, auth);
        }

        if (amount == remaining) _end(terms, taskId, task, State.Released, true);
        else _tasks[taskId] = task.withRemaining(remaining - amount);
        uint96 fee = _chargeFee(amount);
        emit TaskReleased(taskId, payee, amount, fee, remaining - amount, false);
        _push(taskId, payee, amount - fee);
    }

    /// @inheritdoc ITaskEscrow
    function claim(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Submitted);
        _requireAfter(uint256(task.sinceOf()) + terms.reviewSeconds);
        (address agent, address payee) = _hired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        if (!_isSentBy(Role.Agent, agent, auth)) {
            _requireSigned(agent, keccak256(abi.encode(CLAIM, taskId, remaining, _deadline(auth))), auth);
        }

        _end(terms, taskId, task, State.Claimed, true);
        uint96 fee = _chargeFee(remaining);
        emit TaskReleased(taskId, payee, remaining, fee, 0, true);
        _push(taskId, payee, remaining - fee);
    }

    /// @inheritdoc ITaskEscrow
    function cancel(Terms calldata terms, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (address agent,) = _hired(terms, taskId, task);
        bool byAgent = _actsAsAgent(agent, auth);
        if (byAgent) _requireHired(terms, taskId, task);
        else _requireBuyerMayCancel(terms, task, auth);
        address party = byAgent ? agent : terms.buyer;
        if (!_isSentBy(byAgent ? Role.Agent : Role.Buyer, party, auth)) {
            bytes32 intent = keccak256(abi.encode(CANCEL, taskId, task.remainingOf(), _deadline(auth)));
            _requireSignedWithRole(party, intent, auth);
        }
        _refund(terms, taskId, task, byAgent ? Refund.CancelledByAgent : Refund.CancelledByBuyer);
    }

    /// @inheritdoc ITaskEscrow
    function cancelTogether(Terms calldata terms, bytes calldata buyerAuth, bytes calldata agentAuth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (address agent,) = _requireHired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        if (!_isSentBy(Role.Buyer, terms.buyer, buyerAuth)) {
            bytes32 intent = keccak256(abi.encode(CANCEL, taskId, remaining, _deadline(buyerAuth)));
            _requireSigned(terms.buyer, intent, buyerAuth);
        }
        if (!_isSentBy(Role.Agent, agent, agentAuth)) {
            _requireSigned(agent, keccak256(abi.encode(CANCEL, taskId, remaining, _deadline(agentAuth))), agentAuth);
        }
        _refund(terms, taskId, task, Refund.CancelledTogether);
    }

    /// @inheritdoc ITaskEscrow
    function reclaim(Terms calldata terms) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Awarded);
        bool awaitsAward = task.stateOf() == State.Funded && terms.agent == address(0);
        _requireAfter(awaitsAward ? terms.awardBy : terms.deliverBy);
        _refund(terms, taskId, task, Refund.Reclaimed);
    }

    /// @inheritdoc ITaskEscrow
    function dispute(Terms calldata terms, bytes32 evidence, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Submitted);
        _requireNotAfter(uint256(task.sinceOf()) + terms.reviewSeconds);
        (address agent,) = _hired(terms, taskId, task);
        bool byAgent = _actsAsAgent(agent, auth);
        address party = byAgent ? agent : terms.buyer;
        if (!_isSentBy(byAgent ? Role.Agent : Role.Buyer, party, auth)) {
            bytes32 intent = keccak256(abi.encode(DISPUTE, taskId, evidence, _deadline(auth)));
            _requireSignedWithRole(party, intent, auth);
        }

        _tasks[taskId] = task.entering(State.Disputed);
        emit TaskDisputed(taskId, party, evidence);
    }

    /// @inheritdoc ITaskEscrow
    function settle(Terms calldata terms, uint96 toAgent, bytes calldata buyerAuth, bytes calldata agentAuth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireHeld(task, State.Disputed);
        (address agent, address payee) = _requireHired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        if (toAgent > remaining) revert AmountOutOfBounds(toAgent, remaining);
        if (!_isSentBy(Role.Buyer, terms.buyer, buyerAuth)) {
            bytes32 intent = keccak256(abi.encode(SETTLE, taskId, remaining, toAgent, _deadline(buyerAuth)));
            _requireSigned(terms.buyer, intent, buyerAuth);
        }
        if (!_isSentBy(Role.Agent, agent, agentAuth)) {
            bytes32 intent = keccak256(abi.encode(SETTLE, taskId, remaining, toAgent, _deadline(agentAuth)));
            _requireSigned(agent, intent, agentAuth);
        }

        _end(terms, taskId, task, State.Settled, toAgent != 0);
        uint96 fee = _chargeFee(toAgent);
        emit TaskSettled(taskId, toAgent, fee, remaining - toAgent);
        _push(taskId, payee, toAgent - fee);
        _push(taskId, terms.buyer, remaining - toAgent);
    }

    /// @inheritdoc ITaskEscrow
    function rule(Terms calldata terms, uint16 shareBps, bytes32 reasons, bytes calldata auth) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Disputed);
        _requireNotAfter(uint256(task.sinceOf()) + terms.arbiterSeconds);
        if (shareBps > WHOLE_BPS) revert ShareAboveWhole(shareBps, WHOLE_BPS);
        if (!_isSentBy(Role.Arbiter, terms.arbiter, auth)) {
            bytes32 intent =
                keccak256(abi.encode(RULE, taskId, task.remainingOf(), shareBps, reasons, _deadline(auth)));
            _requireSigned(terms.arbiter, intent, auth);
        }
        _split(terms, taskId, task, shareBps, false, reasons);
    }

    /// @inheritdoc ITaskEscrow
    function ruleByDefault(Terms calldata terms) external {
        (bytes32 taskId, TaskSlot task) = _load(terms);
        _requireState(task, State.Disputed);
        _requireAfter(uint256(task.sinceOf()) + terms.arbiterSeconds);
        _split(terms, taskId, task, terms.defaultShareBps, true, 0);
    }

    /// @dev The balance is read before, so that what arrives can be measured; the event reads, and so checks, every
    /// field of the terms.
    function _open(bytes32 taskId, Terms calldata terms) private returns (uint256 balance) {
        if (TaskSlot.unwrap(_tasks[taskId]) != 0) revert TaskExists(taskId);
        _requireFundingOpen();
        _requireFundable(terms);
        balance = IERC20(token).balanceOf(address(this));
        _tasks[taskId] = funded(terms.budget);
        emit TaskFunded(taskId, terms);
    }

    /// @dev Exactly the budget: a token that calls back cannot let another task's money count twice.
    function _requireReceived(uint256 balance, uint96 budget) private view {
        uint256 received = IERC20(token).balanceOf(address(this)) - balance;
        if (received != budget) revert TransferShort(received, budget);
    }

    function _requireAwarder(
        Terms calldata terms,
        bytes32 taskId,
        bytes32 bidDigest,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) private view {
        address awarder = _buyerAwards(terms) ? terms.buyer : terms.awarder;
        if (_isSentBy(Role.Awarder, awarder, auth)) return;
        bytes32 intent = keccak256(abi.encode(AWARD, taskId, bidDigest, price, transcript, _deadline(auth)));
        _requireSigned(awarder, intent, auth);
    }

    function _refund(Terms calldata terms, bytes32 taskId, TaskSlot task, Refund reason) private {
        uint96 amount = task.remainingOf();
        _end(terms, taskId, task, State.Refunded, false);
        emit TaskRefunded(taskId, terms.buyer, amount, reason);
        _push(taskId, terms.buyer, amount);
    }

    /// @dev The agent's share is rounded down: the odd unit is the buyer's.
    function _split(
        Terms calldata terms,
        bytes32 taskId,
        TaskSlot task,
        uint16 shareBps,
        bool byDefault,
        bytes32 reasons
    ) private {
        (, address payee) = _hired(terms, taskId, task);
        uint96 remaining = task.remainingOf();
        uint96 toAgent = uint96((uint256(remaining) * shareBps) / WHOLE_BPS);

        _end(terms, taskId, task, State.Ruled, toAgent != 0);
        uint96 fee = _chargeFee(toAgent);
        emit TaskRuled(taskId, shareBps, toAgent, fee, remaining - toAgent, byDefault, reasons);
        _push(taskId, payee, toAgent - fee);
        _push(taskId, terms.buyer, remaining - toAgent);
    }
}
