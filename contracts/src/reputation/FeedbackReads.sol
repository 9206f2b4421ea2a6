// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {Entry} from "./Entry.sol";
import {FeedbackStore} from "./FeedbackStore.sol";

/// @title The reads of ERC-8004.
/// @notice They walk lists without a bound: they are for callers off chain.
abstract contract FeedbackReads is FeedbackStore {
    /// Empty tags match all.
    struct Filter {
        bytes32 tag1;
        bytes32 tag2;
        bool includeRevoked;
    }

    bytes32 private constant ANY_TAG = keccak256("");
    uint8 private constant SUM_DECIMALS = 18;

    /// @inheritdoc IReputationRegistry
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return _lastIndexOf(agentId, clientAddress);
    }

    /// @inheritdoc IReputationRegistry
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        Entry entry = _requireEntry(agentId, clientAddress, feedbackIndex);
        (tag1, tag2) = _tagsOf(entry.tagsOf());
        return (entry.valueOf(), entry.valueDecimalsOf(), tag1, tag2, entry.revokedOf());
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
        int256 sum = 0;
        for (uint256 i; i < clientAddresses.length; ++i) {
            uint64 last = _lastIndexOf(agentId, clientAddresses[i]);
            for (uint64 j = 1; j <= last; ++j) {
                Entry entry = _entryAt(agentId, clientAddresses[i], j);
                if (!_matches(entry, filter)) continue;
                sum += int256(entry.valueOf()) * int256(10 ** (SUM_DECIMALS - entry.valueDecimalsOf()));
                ++uses[entry.valueDecimalsOf()];
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
            Entry entry = _entryAt(agentId, clients[i], feedbackIndexes[i]);
            (values[i], valueDecimals[i]) = (entry.valueOf(), entry.valueDecimalsOf());
            (tag1s[i], tag2s[i]) = _tagsOf(entry.tagsOf());
            revokedStatuses[i] = entry.revokedOf();
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
            uint64 last = all ? _lastIndexOf(agentId, clients[i]) : feedbackIndex;
            for (uint64 j = all ? 1 : feedbackIndex; j <= last; ++j) {
                count += _responsesTo(_entryKey(agentId, clients[i], j), responders);
            }
        }
    }

    function _find(uint256 agentId, address[] memory from, Filter memory filter)
        private
        view
        returns (address[] memory clients, uint64[] memory indexes)
    {
        uint256 most;
        for (uint256 i; i < from.length; ++i) {
            most += _lastIndexOf(agentId, from[i]);
        }
        clients = new address[](most);
        indexes = new uint64[](most);
        uint256 found;
        for (uint256 i; i < from.length; ++i) {
            uint64 last = _lastIndexOf(agentId, from[i]);
            for (uint64 j = 1; j <= last; ++j) {
                if (!_matches(_entryAt(agentId, from[i], j), filter)) continue;
                (clients[found], indexes[found]) = (from[i], j);
                ++found;
            }
        }
        // slither-disable-next-line assembly - only an assembly can shorten an array that is in memory
        assembly ("memory-safe") {
            mstore(clients, found)
            mstore(indexes, found)
        }
    }

    function _matches(Entry entry, Filter memory filter) private view returns (bool) {
        if (entry.revokedOf() && !filter.includeRevoked) return false;
        if (filter.tag1 == ANY_TAG && filter.tag2 == ANY_TAG) return true;
        (string memory tag1, string memory tag2) = _tagsOf(entry.tagsOf());
        if (filter.tag1 != ANY_TAG && filter.tag1 != keccak256(bytes(tag1))) return false;
        return filter.tag2 == ANY_TAG || filter.tag2 == keccak256(bytes(tag2));
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
}
