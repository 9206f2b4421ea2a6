// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {Terms} from "./ITaskEscrow.sol";

/// @title ERC-8004 reputation registry (draft, text of 2026-01-25), gated by finished tasks.
/// @notice Deviation: the bare `giveFeedback` reverts with `FeedbackNeedsTask`; `giveTaskFeedback` records the
/// buyer of a finished task as the client, once per task.
interface IReputationRegistry {
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );
    /// Ties a feedback entry to the task that earned it; emitted beside NewFeedback.
    event TaskRated(
        bytes32 indexed taskId, uint256 indexed agentId, address indexed clientAddress, uint64 feedbackIndex
    );
    event FeedbackRevoked(uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex);
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    error FeedbackNeedsTask();
    error TaskNotFinished(bytes32 taskId);
    error AgentDoesNotMatch(uint256 actual, uint256 required);
    error AlreadyRated(bytes32 taskId);
    error ValueDecimalsTooLarge(uint8 actual, uint8 max);
    error ValueOutOfBounds(int128 actual);
    error NotBuyer(address actual, address required);
    error BadSignature(address signer);
    error BadAuth(uint256 length);
    error IntentExpired(uint256 time, uint256 deadline);
    error NoSuchFeedback(uint256 agentId, address client, uint64 index);
    error SelfFeedback(address client, uint256 agentId);
    error ClientsRequired();
    error EmptyResponse();
    error AlreadyRevoked(uint256 agentId, address client, uint64 index);

    /// @notice Signs `TaskFeedback(bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,
    /// string tag2,string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline)`; `auth` as in the
    /// escrow, in the domain ("Guildhall ReputationRegistry", "1", chain id, registry).
    function giveTaskFeedback(
        Terms calldata terms,
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash,
        bytes calldata auth
    ) external;

    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external;
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external;

    function getIdentityRegistry() external view returns (address);
    /// @notice What the named clients said under these tags (empty: any): `count` entries that were not revoked and
    /// their mean. The draft leaves the arithmetic open; this is that of its reference, registry version 2.0.0: the mean
    /// of exact values, cut towards zero to the decimals that occur most often, the fewest where several do; zeros
    /// where nothing matches; a client who is named twice counts twice.
    /// @dev Reverts with `ClientsRequired` (the reference: with a text) where no client is named, since a summary over
    /// everybody is open to Sybils.
    function getSummary(uint256 agentId, address[] calldata clientAddresses, string calldata tag1, string calldata tag2)
        external
        view
        returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked);
    function readAllFeedback(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory clients,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        );
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64);
    function getClients(uint256 agentId) external view returns (address[] memory);
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);
}
