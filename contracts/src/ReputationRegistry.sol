// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/src/utils/EIP712.sol";
import {ITaskEscrow, Terms} from "./interfaces/ITaskEscrow.sol";
import {IIdentityRegistry} from "./interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "./interfaces/IReputationRegistry.sol";
import {FeedbackReads} from "./reputation/FeedbackReads.sol";
import {TaskIds} from "./TaskIds.sol";
import {Signature} from "./Signature.sol";

/// @title What buyers said of agents (ERC-8004), where only a finished task gives a voice, once.
contract ReputationRegistry is FeedbackReads, EIP712 {
    bytes32 private constant TASK_FEEDBACK = keccak256(
        "TaskFeedback(bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,string tag2,string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline)"
    );
    uint256 private constant DEADLINE_BYTES = 5;
    uint8 private constant MAX_VALUE_DECIMALS = 18;
    int128 private constant MAX_VALUE = 1e38;

    ITaskEscrow public immutable escrow;
    // slither-disable-next-line naming-convention - an immutable is named as the constant that it is
    uint256 private immutable DEPLOYMENT_CHAIN_ID;
    // slither-disable-next-line naming-convention - an immutable is named as the constant that it is
    IIdentityRegistry private immutable IDENTITY;

    constructor(address escrow_, address identityRegistry_) {
        escrow = ITaskEscrow(escrow_);
        DEPLOYMENT_CHAIN_ID = ITaskEscrow(escrow_).deploymentChainId();
        IDENTITY = IIdentityRegistry(identityRegistry_);
    }

    /// @inheritdoc IReputationRegistry
    // slither-disable-next-line reentrancy-benign,reentrancy-events - the escrow is immutable and calls nobody
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
    ) external {
        bytes32 taskId = TaskIds.idOf(DEPLOYMENT_CHAIN_ID, address(escrow), terms);
        _requireValue(value, valueDecimals);
        if (auth.length == 0) {
            if (msg.sender != terms.buyer) revert NotBuyer(msg.sender, terms.buyer);
        } else {
            bytes memory texts = abi.encode(_hash(tag1), _hash(tag2), _hash(endpoint), _hash(feedbackURI), feedbackHash);
            _requireSigned(terms.buyer, abi.encode(TASK_FEEDBACK, taskId, agentId, value, valueDecimals), texts, auth);
        }

        _rate(taskId, terms.buyer, agentId);
        uint64 index = _append(agentId, terms.buyer, value, valueDecimals, tag1, tag2);
        emit NewFeedback(
            agentId, terms.buyer, index, value, valueDecimals, tag1, tag1, tag2, endpoint, feedbackURI, feedbackHash
        );
        emit TaskRated(taskId, agentId, terms.buyer, index);
    }

    /// @inheritdoc IReputationRegistry
    function giveFeedback(
        uint256,
        int128,
        uint8,
        string calldata,
        string calldata,
        string calldata,
        string calldata,
        bytes32
    ) external pure {
        revert FeedbackNeedsTask();
    }

    /// @inheritdoc IReputationRegistry
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        _revoke(agentId, msg.sender, feedbackIndex);
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    /// @inheritdoc IReputationRegistry
    /// @dev Anyone may respond: an agent, or a service that marks spam. Readers choose whom they heed.
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external {
        if (bytes(responseURI).length == 0) revert EmptyResponse();
        _requireEntry(agentId, clientAddress, feedbackIndex);
        _countResponse(agentId, clientAddress, feedbackIndex, msg.sender);
        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    /// @inheritdoc IReputationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(IDENTITY);
    }

    /// @dev The escrow keeps the once-bit in the task's tombstone, whose word it reads anyway, and refuses a task that
    /// is not finished or was rated. The buyer never is the agent who worked; that he does not speak for it now
    /// is checked here.
    function _rate(bytes32 taskId, address buyer, uint256 agentId) private {
        uint256 worked = escrow.rate(taskId);
        if (agentId != worked) revert AgentDoesNotMatch(agentId, worked);
        if (IDENTITY.isController(buyer, agentId)) revert SelfFeedback(buyer, agentId);
    }

    function _requireValue(int128 value, uint8 valueDecimals) private pure {
        if (valueDecimals > MAX_VALUE_DECIMALS) revert ValueDecimalsTooLarge(valueDecimals, MAX_VALUE_DECIMALS);
        if (value > MAX_VALUE || value < -MAX_VALUE) revert ValueOutOfBounds(value);
    }

    function _requireSigned(address buyer, bytes memory numbers, bytes memory texts, bytes calldata auth) private view {
        if (auth.length < DEADLINE_BYTES) revert BadAuth(auth.length);
        uint40 deadline = uint40(bytes5(auth[:DEADLINE_BYTES]));
        // slither-disable-next-line timestamp - a deadline of minutes does not mind a few seconds
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
        bytes32 intent = keccak256(bytes.concat(numbers, texts, bytes32(uint256(deadline))));
        if (!Signature.isBy(buyer, _hashTypedData(intent), auth[DEADLINE_BYTES:])) revert BadSignature(buyer);
    }

    function _hash(string calldata text) private pure returns (bytes32) {
        return keccak256(bytes(text));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Guildhall ReputationRegistry", "1");
    }
}
