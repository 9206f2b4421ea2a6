// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";

/// @title Stored feedback and the reads of ERC-8004 over it.
/// @notice The reads walk lists without a bound: they are for callers off chain.
abstract contract FeedbackReads is IReputationRegistry {
    struct Feedback {
        int128 value;
        uint8 valueDecimals;
        bool revoked;
        string tag1;
        string tag2;
    }

    /// Empty tags match all.
    struct Filter {
        bytes32 tag1;
        bytes32 tag2;
        bool includeRevoked;
    }

    bytes32 private constant ANY_TAG = keccak256("");
    uint8 private constant SUM_DECIMALS = 18;

    mapping(uint256 agentId => address[]) private _clients;
    mapping(uint256 agentId => mapping(address client => Feedback[])) private _feedback;
    mapping(bytes32 feedbackKey => address[]) private _responders;
    mapping(bytes32 feedbackKey => mapping(address responder => uint64)) private _responses;

    /// @inheritdoc IReputationRegistry
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return uint64(_feedback[agentId][clientAddress].length);
    }

    /// @inheritdoc IReputationRegistry
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        Feedback storage found = _feedbackOf(agentId, clientAddress, feedbackIndex);
        return (found.value, found.valueDecimals, found.tag1, found.tag2, found.revoked);
    }

    /// @inheritdoc IReputationRegistry
    function getSummary(uint256 agentId, address[] calldata clientAddresses, string calldata tag1, string calldata tag2)
        external
        view
        returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals)
    {
        if (clientAddresses.length == 0) revert ClientsRequired();
        Filter memory filter = Filter(keccak256(bytes(tag1)), keccak256(bytes(tag2)), false);
        uint64[] memory uses = new uint64[](SUM_DECIMALS + 1);
        int256 sum;
        for (uint256 i; i < clientAddresses.length; ++i) {
            Feedback[] storage entries = _feedback[agentId][clientAddresses[i]];
            for (uint256 j; j < entries.length; ++j) {
                Feedback storage entry = entries[j];
                if (!_matches(entry, filter)) continue;
                sum += int256(entry.value) * int256(10 ** (SUM_DECIMALS - entry.valueDecimals));
                ++uses[entry.valueDecimals];
                ++count;
            }
        }
        if (count == 0) return (0, 0, 0);
        summaryValueDecimals = _mostUsed(uses);
        int256 unit = int256(10 ** (SUM_DECIMALS - summaryValueDecimals));
        summaryValue = int128(sum / int256(uint256(count)) / unit);
    }

    /// @inheritdoc IReputationRegistry
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
        )
    {
        Filter memory filter = Filter(keccak256(bytes(tag1)), keccak256(bytes(tag2)), includeRevoked);
        (clients, feedbackIndexes) = _find(agentId, _orAll(agentId, clientAddresses), filter);
        values = new int128[](clients.length);
        valueDecimals = new uint8[](clients.length);
        tag1s = new string[](clients.length);
        tag2s = new string[](clients.length);
        revokedStatuses = new bool[](clients.length);
        for (uint256 i; i < clients.length; ++i) {
            Feedback storage entry = _feedback[agentId][clients[i]][feedbackIndexes[i] - 1];
            (values[i], valueDecimals[i], revokedStatuses[i]) = (entry.value, entry.valueDecimals, entry.revoked);
            (tag1s[i], tag2s[i]) = (entry.tag1, entry.tag2);
        }
    }

    /// @inheritdoc IReputationRegistry
    /// @dev Client 0 stands for all clients, index 0 for all of a client's entries, no responders for all.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders
    ) external view returns (uint64 count) {
        address[] memory clients = new address[](1);
        clients[0] = clientAddress;
        if (clientAddress == address(0)) clients = _clients[agentId];
        bool all = clientAddress == address(0) || feedbackIndex == 0;
        for (uint256 i; i < clients.length; ++i) {
            uint256 last = all ? _feedback[agentId][clients[i]].length : feedbackIndex;
            for (uint256 j = all ? 1 : feedbackIndex; j <= last; ++j) {
                count += _responsesTo(_feedbackKey(agentId, clients[i], uint64(j)), responders);
            }
        }
    }

    function _append(
        uint256 agentId,
        address client,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2
    ) internal returns (uint64 index) {
        Feedback[] storage entries = _feedback[agentId][client];
        if (entries.length == 0) _clients[agentId].push(client);
        entries.push(Feedback(value, valueDecimals, false, tag1, tag2));
        return uint64(entries.length);
    }

    function _countResponse(uint256 agentId, address client, uint64 index, address responder) internal {
        bytes32 key = _feedbackKey(agentId, client, index);
        if (_responses[key][responder]++ == 0) _responders[key].push(responder);
    }

    /// @dev Indexes count from 1.
    function _feedbackOf(uint256 agentId, address client, uint64 index) internal view returns (Feedback storage) {
        Feedback[] storage entries = _feedback[agentId][client];
        if (index == 0 || index > entries.length) revert NoSuchFeedback(agentId, client, index);
        return entries[index - 1];
    }

    function _find(uint256 agentId, address[] memory from, Filter memory filter)
        private
        view
        returns (address[] memory clients, uint64[] memory indexes)
    {
        uint256 most;
        for (uint256 i; i < from.length; ++i) {
            most += _feedback[agentId][from[i]].length;
        }
        clients = new address[](most);
        indexes = new uint64[](most);
        uint256 found;
        for (uint256 i; i < from.length; ++i) {
            Feedback[] storage entries = _feedback[agentId][from[i]];
            for (uint256 j; j < entries.length; ++j) {
                if (!_matches(entries[j], filter)) continue;
                (clients[found], indexes[found]) = (from[i], uint64(j + 1));
                ++found;
            }
        }
        assembly ("memory-safe") {
            mstore(clients, found)
            mstore(indexes, found)
        }
    }

    function _matches(Feedback storage entry, Filter memory filter) private view returns (bool) {
        if (entry.revoked && !filter.includeRevoked) return false;
        if (filter.tag1 != ANY_TAG && filter.tag1 != keccak256(bytes(entry.tag1))) return false;
        return filter.tag2 == ANY_TAG || filter.tag2 == keccak256(bytes(entry.tag2));
    }

    function _mostUsed(uint64[] memory uses) private pure returns (uint8 decimals) {
        for (uint8 i = 1; i < uses.length; ++i) {
            if (uses[i] > uses[decimals]) decimals = i;
        }
    }

    function _orAll(uint256 agentId, address[] calldata clients) private view returns (address[] memory) {
        if (clients.length == 0) return _clients[agentId];
        return clients;
    }

    function _responsesTo(bytes32 key, address[] calldata responders) private view returns (uint64 count) {
        address[] memory counted = responders;
        if (counted.length == 0) counted = _responders[key];
        for (uint256 i; i < counted.length; ++i) {
            count += _responses[key][counted[i]];
        }
    }

    function _feedbackKey(uint256 agentId, address client, uint64 index) private pure returns (bytes32) {
        return keccak256(abi.encode(agentId, client, index));
    }
}
