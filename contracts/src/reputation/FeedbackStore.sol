// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {Entry, given} from "./Entry.sol";
import {Tags} from "./Tags.sol";

/// @title What is stored of feedback: a word for each entry, and each client of an agent once.
abstract contract FeedbackStore is IReputationRegistry, Tags {
    mapping(uint256 agentId => address[]) internal _clients;
    mapping(bytes32 entryKey => address[]) internal _responders;
    mapping(bytes32 entryKey => mapping(address responder => uint64)) internal _responses;
    mapping(uint256 agentId => mapping(address client => Entry[1 << 64])) private _entries;

    function _append(
        uint256 agentId,
        address client,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2
    ) internal returns (uint64 index) {
        Entry entry = given(value, valueDecimals, _numberOf(tag1, tag2));
        Entry[1 << 64] storage entries = _entries[agentId][client];
        Entry first = entries[1];
        index = first.lastIndexOf() + 1;
        if (index == 1) {
            _clients[agentId].push(client);
            first = entry;
        } else {
            entries[index] = entry;
        }
        entries[1] = first.withLastIndex(index);
    }

    function _revoke(uint256 agentId, address client, uint64 index) internal {
        Entry entry = _requireEntry(agentId, client, index);
        if (entry.revokedOf()) revert AlreadyRevoked(agentId, client, index);
        _entries[agentId][client][index] = entry.revoking();
    }

    function _countResponse(uint256 agentId, address client, uint64 index, address responder) internal {
        bytes32 key = _entryKey(agentId, client, index);
        if (_responses[key][responder]++ == 0) _responders[key].push(responder);
    }

    /// @dev Indexes count from 1.
    function _requireEntry(uint256 agentId, address client, uint64 index) internal view returns (Entry) {
        if (index == 0 || index > _lastIndexOf(agentId, client)) revert NoSuchFeedback(agentId, client, index);
        return _entryAt(agentId, client, index);
    }

    function _lastIndexOf(uint256 agentId, address client) internal view returns (uint64) {
        return _entryAt(agentId, client, 1).lastIndexOf();
    }

    function _entryAt(uint256 agentId, address client, uint64 index) internal view returns (Entry) {
        return _entries[agentId][client][index];
    }

    function _entryKey(uint256 agentId, address client, uint64 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(agentId, client, index));
    }
}
