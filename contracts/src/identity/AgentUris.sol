// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentToken} from "./AgentToken.sol";
import {AgentData} from "./AgentData.sol";
import {ContentId} from "./ContentId.sol";

/// @title Where an agent's URI is kept: a content id is one word, its digest; any other text takes a word for each
/// 32 bytes. Length and form lie beside the token's owner.
abstract contract AgentUris is AgentToken {
    uint256 private constant MAX_WORDS = 1 << 27;

    /// Words beyond the present length are those of a longer text before it.
    mapping(uint256 agentId => bytes32[MAX_WORDS]) private _words;

    function tokenURI(uint256 agentId) public view override returns (string memory) {
        _requireOwned(agentId);
        AgentData data = _dataOf(agentId);
        bytes32[MAX_WORDS] storage words = _words[agentId];
        if (data.isContentId()) return ContentId.uriOf(data.textOf(), words[0]);
        bytes memory text = new bytes(data.textOf());
        for (uint256 i; i < text.length; i += 32) {
            bytes32 word = words[i / 32];
            // slither-disable-next-line assembly - writes at once what the language writes byte by byte
            assembly ("memory-safe") {
                mstore(add(add(text, 0x20), i), word)
            }
        }
        return string(text);
    }

    /// @dev The caller stores what this answers beside the owner.
    function _storeUri(uint256 agentId, AgentData data, string calldata uri) internal returns (AgentData) {
        (bool found, uint32 prefix, bytes32 digest) = ContentId.parse(uri);
        if (found) return _storeContentId(agentId, data, prefix, digest);
        bytes calldata text = bytes(uri);
        bytes32[MAX_WORDS] storage words = _words[agentId];
        for (uint256 i; i < text.length; i += 32) {
            words[i / 32] = bytes32(text[i:]);
        }
        return data.withText(false, uint32(text.length));
    }

    function _storeContentId(uint256 agentId, AgentData data, uint32 prefix, bytes32 digest)
        internal
        returns (AgentData)
    {
        _words[agentId][0] = digest;
        return data.withText(true, prefix);
    }
}
