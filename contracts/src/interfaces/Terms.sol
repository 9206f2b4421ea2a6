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
    /// 0, or the task out of whose money its agent pays this one.
    bytes32 parent;
    /// Digest (SHA-256) of the task's content.
    bytes32 content;
    bytes32 salt;
    /// Base units of the token.
    uint96 budget;
    /// How much of the budget the agent may pass on to children, net of what comes back; 0 where there is a parent.
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

/// @notice The buyer's EIP-3009 signature over a transfer to the escrow; each use names its nonce. Without a signature
/// the money comes by allowance.
struct Authorization {
    uint256 validAfter;
    uint256 validBefore;
    bytes signature;
}

/// @notice The buyer's EIP-2612 signature over an allowance of `value` for the escrow.
struct PermitSignature {
    uint256 value;
    uint256 deadline;
    bytes signature;
}
