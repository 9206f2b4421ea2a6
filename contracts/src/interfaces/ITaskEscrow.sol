// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What buyer and agent agree on. The task id is
/// `keccak256(abi.encode(deployment chain id, escrow, terms))`, so every field binds the money.
struct Terms {
    address buyer;
    /// The agent hired directly, or 0 when the awarder chooses one from signed bids.
    address agent;
    /// Who may award: 0 is the buyer himself, anything else an auctioneer he names.
    address awarder;
    address arbiter;
    /// Reserved: the task that pays for this one. Must be 0.
    bytes32 parent;
    /// Digest (SHA-256) of the task's content.
    bytes32 content;
    bytes32 salt;
    /// Base units of the token.
    uint96 budget;
    /// Reserved: how much of the budget the agent may delegate. Must be 0.
    uint96 childCap;
    /// Unix seconds. 0 for a direct hire.
    uint40 awardBy;
    uint40 deliverBy;
    uint32 reviewSeconds;
    uint32 vetoSeconds;
    uint32 arbiterSeconds;
    /// The agent's share when the arbiter stays silent, in basis points.
    uint16 defaultShareBps;
}

/// @notice An agent's signed offer for one task.
struct Bid {
    bytes32 taskId;
    uint256 agentId;
    /// Signs the bid and later the submission.
    address agent;
    /// Receives the money.
    address payee;
    uint96 minPrice;
    uint40 minWorkSeconds;
    uint40 validUntil;
    bytes32 salt;
}

/// @notice The awarder's signed choice.
struct Award {
    bytes32 taskId;
    bytes32 bidDigest;
    uint96 price;
    /// Digest of the auction's transcript, 0 if there was none.
    bytes32 transcript;
    uint40 deadline;
}

/// @notice Where a task is. Everything above `Disputed` is terminal and never left.
enum State {
    None,
    Funded,
    Awarded,
    Submitted,
    Disputed,
    Released,
    Claimed,
    Settled,
    Ruled,
    Refunded
}

/// @notice Why money went back to the buyer.
enum Refund {
    Vetoed,
    CancelledByBuyer,
    CancelledByAgent,
    CancelledTogether,
    Reclaimed
}

/// @title The money of every task.
/// @notice Anyone may carry any verb; authority is the sender or a signature of the named party in
/// the trailing `auth`. An empty `auth` means the sender himself, otherwise it is
/// `abi.encodePacked(uint40 deadline, bytes signature)`, and for `cancel` and `dispute`, which two
/// parties may do, `abi.encodePacked(uint40 deadline, uint8 role, bytes signature)` with role 0 for
/// the buyer and 1 for the agent. Signatures are EIP-712 over the intents named at each verb
/// (ECDSA, then ERC-1271), in the domain ("Guildhall TaskEscrow", "1", chain id, escrow).
interface ITaskEscrow {
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
    event Withdrawn(address indexed owner, uint256 amount);
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
    error ZeroParty();
    error ReservedField();
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
    error NothingOwed(address owner);
    error TransferShort(uint256 actual, uint256 required);
    error TransferFailed();
    error OutOfPushGas(uint256 actual, uint256 required);
    error FundingIsPaused(uint256 until);
    error PauseTooLong(uint256 actual, uint256 max);
    error AlreadyHired(address agent);
    error AgentDoesNotMatch(uint256 actual, uint256 required);
    error BadPayee(address actual);
    error FeeAboveCap(uint256 actual, uint256 max);

    /// @notice Takes the budget by allowance. The sender is the buyer or `auth` brings his signature over
    /// `Fund(bytes32 taskId,uint40 deadline)`: an allowance alone never authorises terms.
    function fund(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId);

    /// @notice Takes the budget by EIP-3009 `receiveWithAuthorization` whose nonce is the task id.
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 taskId);

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

    /// @notice Full refund within vetoSeconds of an award made by somebody else.
    /// Signs `Veto(bytes32 taskId,uint40 deadline)`.
    function veto(Terms calldata terms, bytes calldata auth) external;

    /// @notice Hands in a deliverable's digest; again until deliverBy, restarting the review. `agentId` is
    /// read for a direct hire and must equal the awarded one otherwise. Signs
    /// `Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)`, where
    /// `since` is the time the task entered its present state, so that an old submission can't be replayed.
    function submit(
        Terms calldata terms,
        uint256 agentId,
        bytes32 deliverable,
        bytes calldata auth
    ) external;

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

    /// @notice Sends what is owed to its owner, whoever calls.
    function withdraw(address owner) external;

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

    function owed(address owner) external view returns (uint256);
    function totalOwed() external view returns (uint256);
    function feesAccrued() external view returns (uint256);
    function fundingPausedUntil() external view returns (uint40);
    function token() external view returns (address);
    function identityRegistry() external view returns (address);
    function guardian() external view returns (address);
    function feeOwner() external view returns (address);
    function feeBps() external view returns (uint16);
    function deploymentChainId() external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
