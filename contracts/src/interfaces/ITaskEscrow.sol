// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Terms, Bid, Award, State, Refund, Authorization, PermitSignature} from "./Terms.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title The money of every task.
/// @notice Anyone may carry any verb; authority is the sender or a signature of the named party in
/// the trailing `auth`. An empty `auth` means the sender himself, otherwise it is
/// `abi.encodePacked(uint40 deadline, bytes signature)`, and for `cancel` and `dispute`, which two
/// parties may do, `abi.encodePacked(uint40 deadline, uint8 role, bytes signature)` with role 0 for
/// the buyer and 1 for the agent. Signatures are EIP-712 over the intents named at each verb
/// (ECDSA, then ERC-1271), in the domain ("Guildhall TaskEscrow", "1", chain id, escrow).
interface ITaskEscrow is IPayouts {
    event TaskFunded(bytes32 indexed taskId, Terms terms);
    /// `surplus` = budget - price went back to the buyer in the same transaction.
    event TaskAwarded(
        bytes32 indexed taskId,
        uint256 indexed agentId,
        address agent,
        address payee,
        uint96 price,
        uint96 surplus,
        bytes32 bidDigest,
        bytes32 transcript
    );
    event TaskSubmitted(bytes32 indexed taskId, uint256 indexed agentId, bytes32 deliverable);
    /// `amount` is gross, `fee` is part of it; the task ends when `remaining` is 0. `claimed` tells a
    /// claim after the review window from a release by the buyer.
    event TaskReleased(
        bytes32 indexed taskId, address indexed payee, uint96 amount, uint96 fee, uint96 remaining, bool claimed
    );
    event TaskRefunded(bytes32 indexed taskId, address indexed buyer, uint96 amount, Refund reason);
    event TaskDisputed(bytes32 indexed taskId, address indexed by, bytes32 evidence);
    /// `toAgent` here and in TaskRuled is gross, `fee` is part of it; toAgent + toBuyer is what remained.
    event TaskSettled(bytes32 indexed taskId, uint96 toAgent, uint96 fee, uint96 toBuyer);
    event TaskRuled(
        bytes32 indexed taskId,
        uint16 shareBps,
        uint96 toAgent,
        uint96 fee,
        uint96 toBuyer,
        bool byDefault,
        bytes32 reasons
    );
    /// A push failed with enough gas to be honest: `amount` (net) now waits for `withdraw`.
    event PaymentOwed(bytes32 indexed taskId, address indexed owner, uint96 amount);
    event BidRevoked(bytes32 indexed taskId, bytes32 indexed bidDigest, address indexed agent);
    /// Beside the child's own TaskFunded: `amount` left the parent's remaining.
    event ChildFunded(bytes32 indexed parentId, bytes32 indexed childId, uint96 amount);
    /// Beside the child's own event, whose `buyer` is the child's: this says where the money went. `toBuyer`: pushed to
    /// the parent's buyer, since the parent is over; else added to the parent's remaining.
    event ChildReturned(bytes32 indexed parentId, bytes32 indexed childId, uint96 amount, bool toBuyer);
    event FeesCollected(address indexed to, uint256 amount);
    event FundingPaused(uint40 until);

    error NotBuyer(address actual, address required);
    error NotAgent(address actual, address required);
    error NotAwarder(address actual, address required);
    error NotArbiter(address actual, address required);
    error NotGuardian(address actual, address required);
    error BadSignature(address signer);
    error BadAuth(uint256 length);
    error BadRole(uint8 role);
    error IntentExpired(uint256 time, uint256 deadline);
    error WrongState(State actual);
    error TaskExists(bytes32 taskId);
    error PartiesNotDistinct(address party);
    /// A field of the terms has bits beyond its type: no decoder would read what was hashed.
    error StrayBits();
    error BudgetZero();
    error WindowOutOfBounds(uint256 actual, uint256 min, uint256 max);
    error ShareAboveWhole(uint256 actual, uint256 max);
    error TooEarly(uint256 time, uint256 opensAfter);
    error TooLate(uint256 time, uint256 limit);
    error BidForOtherTask(bytes32 actual, bytes32 required);
    error BidExpired(uint256 time, uint256 validUntil);
    error PriceOutOfBounds(uint256 actual, uint256 min, uint256 max);
    error NotEnoughTime(uint256 endsAt, uint256 deliverBy);
    error AgentIdNotControlled(uint256 agentId, address agent);
    error AmountOutOfBounds(uint256 actual, uint256 max);
    error StaleState(uint256 actual, uint256 expected);
    error FundingIsPaused(uint256 until);
    error PauseTooLong(uint256 actual, uint256 max);
    error AlreadyHired(address agent);
    error AgentDoesNotMatch(uint256 actual, uint256 required);
    error FeeAboveCap(uint256 actual, uint256 max);
    error BidIsRevoked(bytes32 bidDigest);
    error BatchOutOfBounds(uint256 actual, uint256 max);
    error ParentPays(bytes32 parentId);
    error ParentDoesNotMatch(bytes32 actual, bytes32 required);
    error ChildCapOutOfBounds(uint256 actual, uint256 max);
    error TooManyChildren(uint256 actual, uint256 max);
    error NotReputationRegistry(address actual, address required);
    error TaskNotFinished(bytes32 taskId);
    error AlreadyRated(bytes32 taskId);

    /// @notice Takes the budget by allowance. The sender is the buyer or `auth` brings his signature over
    /// `Fund(bytes32 taskId,uint40 deadline)`: an allowance alone never authorises terms.
    function fund(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId);

    /// @notice `fund` after the buyer's EIP-2612 permit, which is tried and may fail: somebody may have carried it
    /// already, and then the allowance is there.
    function fundWithPermit(Terms calldata terms, PermitSignature calldata permit, bytes calldata auth)
        external
        returns (bytes32 taskId);

    /// @notice Takes the budget by Permit2 `permitWitnessTransferFrom`. The witness is the task id, under the type
    /// string `bytes32 taskId)TokenPermissions(address token,uint256 amount)`.
    function fundWithPermit2(Terms calldata terms, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 taskId);

    /// @notice As `fund`, but out of the sender's allowance: a payment channel funds its payer's task so. The same
    /// signed `Fund` also lets anybody `fund` the task out of an allowance that the buyer himself has left.
    function fundFor(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId);

    /// @notice Takes the budget by EIP-3009 `receiveWithAuthorization` whose nonce is the task id.
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 taskId);

    /// @notice Funds 1 to 32 tasks of one buyer, all or none, by one EIP-3009 `receiveWithAuthorization` over the sum
    /// of their budgets, whose nonce is `keccak256(abi.encodePacked(taskIds))`.
    function fundBatch(Terms[] calldata terms, Authorization calldata authorization)
        external
        returns (bytes32[] memory taskIds);

    /// @notice Pays a task out of the money of its `parent`, within the ledger. The child's buyer is the parent's
    /// agent, hired and not yet submitted; he is the sender or signs `Fund` of the child. What later goes back to "the
    /// buyer" goes to the parent's remaining while the parent holds money, afterwards to the parent's buyer.
    /// @dev A child that pays back moves the parent's remaining, and signatures over `remaining` go stale: after the
    /// submission at most twice for each of at most 8 open children (a surplus at award, then an end).
    function fundChild(Terms calldata child, Terms calldata parent, bytes calldata auth)
        external
        returns (bytes32 childId);

    /// @notice Chooses a signed bid at a price between its minPrice and the budget; the rest goes back at once.
    /// Signs `Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)`.
    function award(
        Terms calldata terms,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth
    ) external;

    /// @notice `fund` and `award` in one transaction, and `award` alone where somebody has already carried the same
    /// authorization. `funding` is the buyer's EIP-3009 authorization whose nonce is the task id; without a signature
    /// the money comes by allowance, and then the sender is the buyer. `auth` is the awarder's, as in `award`.
    function awardAndFund(
        Terms calldata terms,
        Bid calldata bid,
        bytes calldata bidSignature,
        uint96 price,
        bytes32 transcript,
        bytes calldata auth,
        Authorization calldata funding
    ) external;

    /// @notice The bid's agent takes it back for ever. Signs `RevokeBid(bytes32 bidDigest,uint40 deadline)`.
    function revokeBid(Bid calldata bid, bytes calldata auth) external;

    /// @notice Full refund within vetoSeconds of an award made by somebody else.
    /// Signs `Veto(bytes32 taskId,uint40 deadline)`.
    function veto(Terms calldata terms, bytes calldata auth) external;

    /// @notice Hands in a deliverable's digest; again until deliverBy, restarting the review. `agentId` is
    /// read for a direct hire and must equal the awarded one otherwise. Signs
    /// `Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)`, where
    /// `since` is the time the task entered its present state, so that an old submission can't be replayed.
    function submit(Terms calldata terms, uint256 agentId, bytes32 deliverable, bytes calldata auth) external;

    /// @notice Pays the agent all or part of what remains. Signs
    /// `Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)`.
    function release(Terms calldata terms, uint96 amount, bytes calldata auth) external;

    /// @notice After the review window the agent takes what remains. Signs
    /// `Claim(bytes32 taskId,uint96 remaining,uint40 deadline)`.
    function claim(Terms calldata terms, bytes calldata auth) external;

    /// @notice By the agent at any time; by the buyer before an award if he is the awarder, or if a direct
    /// hire was never accepted. Signs `Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)`.
    function cancel(Terms calldata terms, bytes calldata auth) external;

    /// @notice Buyer and agent part by agreement: everything goes back. Both sign `Cancel`, or one is the sender.
    function cancelTogether(Terms calldata terms, bytes calldata buyerAuth, bytes calldata agentAuth) external;

    /// @notice After awardBy without award, or deliverBy without submission. Whoever calls, the buyer is paid.
    function reclaim(Terms calldata terms) external;

    /// @notice Once, until the review window's last second. Signs
    /// `Dispute(bytes32 taskId,bytes32 evidence,uint40 deadline)`.
    function dispute(Terms calldata terms, bytes32 evidence, bytes calldata auth) external;

    /// @notice Both agree on a split of what remains. Both sign
    /// `Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)`, or one is the sender.
    function settle(Terms calldata terms, uint96 toAgent, bytes calldata buyerAuth, bytes calldata agentAuth) external;

    /// @notice Within arbiterSeconds of the dispute. Signs
    /// `Rule(bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline)`.
    function rule(Terms calldata terms, uint16 shareBps, bytes32 reasons, bytes calldata auth) external;

    /// @notice After arbiterSeconds without a ruling, defaultShareBps applies. Whoever calls.
    function ruleByDefault(Terms calldata terms) external;

    /// @notice Marks a finished task as rated and answers the agent who may be rated for it. Only the reputation
    /// registry, once a task.
    function rate(bytes32 taskId) external returns (uint256 agentId);

    /// @notice Several verbs of one sender, all or none; the error is that of the verb that failed.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);

    /// @notice Sends collected fees to the fee owner, whoever calls.
    function collectFees() external;

    /// @notice Stops new money, never an exit, until at most 14 days after the first pause of a period.
    function pauseFunding(uint40 until) external;

    function taskIdOf(Terms calldata terms) external view returns (bytes32);
    /// @notice The full EIP-712 digest that the agent signs, over
    /// `Bid(bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,uint40 validUntil,bytes32 salt)`.
    function bidDigestOf(Bid calldata bid) external view returns (bytes32);

    /// @notice The packed slots of one task, decoded. `payee` and `agent` are 0 where the terms name the agent
    /// or once a task is over.
    function taskOf(bytes32 taskId)
        external
        view
        returns (State state, uint96 remaining, uint40 since, uint256 agentId, address agent, address payee);

    /// @notice The agent whom a finished task may be rated for, or 0: the task is not finished, a direct hire
    /// was paid without having been accepted, or a settlement paid the agent nothing.
    function feedbackAgentOf(bytes32 taskId) external view returns (uint256 agentId);

    function rated(bytes32 taskId) external view returns (bool);

    /// @notice What a task has passed on: its open children (0 once it is over itself), what they hold or have spent
    /// (kept as it was when the parent ended), and its buyer (0 where it never had a child).
    function childrenOf(bytes32 parentId) external view returns (uint8 open, uint96 delegated, address buyer);

    function bidRevoked(bytes32 bidDigest) external view returns (bool);
    function feesAccrued() external view returns (uint256);
    function fundingPausedUntil() external view returns (uint40);
    function identityRegistry() external view returns (address);
    function reputationRegistry() external view returns (address);
    function permit2() external view returns (address);
    function guardian() external view returns (address);
    function feeOwner() external view returns (address);
    function feeBps() external view returns (uint16);
    function deploymentChainId() external view returns (uint256);
    // slither-disable-next-line naming-convention - the name is that of EIP-2612
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
