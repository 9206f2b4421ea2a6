// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base32} from "./Base32.sol";

/// @title IPFS URIs of a SHA-256: "ipfs://" and a CIDv1 in base32, whose 36 bytes are a prefix of four (version, codec,
/// hash function, hash length) and the digest.
/// @notice Source: github.com/multiformats/cid.
library ContentId {
    /// CIDv1, raw bytes, sha2-256, 32 bytes.
    uint32 internal constant RAW_SHA256 = 0x01551220;

    uint256 private constant URI_BYTES = 66;
    /// With the "b" by which multibase calls base32.
    bytes8 private constant SCHEME = "ipfs://b";
    /// 288 bits are 57.6 characters; the last two bits that 58 of them hold are zero.
    uint256 private constant UNUSED_BITS = 32;

    function uriOf(uint32 prefix, bytes32 digest) internal pure returns (string memory) {
        return string(abi.encodePacked(SCHEME, _first(prefix, digest), bytes26(_last(digest))));
    }

    /// @notice Found only where `uriOf` gives exactly `uri` again, so that storing the parts loses nothing.
    function parse(string calldata uri) internal pure returns (bool found, uint32 prefix, bytes32 digest) {
        bytes calldata text = bytes(uri);
        if (text.length != URI_BYTES || bytes8(text[:8]) != SCHEME) return (false, 0, 0);
        bytes32 first = bytes32(text[8:40]);
        bytes26 last = bytes26(text[40:]);
        uint160 high = Base32.decode(first);
        prefix = uint32(high >> 128);
        digest = bytes32((uint256(uint128(high)) << 128) | uint128(Base32.decode(last) >> UNUSED_BITS));
        found = _first(prefix, digest) == first && bytes26(_last(digest)) == last;
    }

    function _first(uint32 prefix, bytes32 digest) private pure returns (bytes32) {
        return Base32.encode((uint160(prefix) << 128) | uint160(uint256(digest) >> 128));
    }

    /// @dev 26 characters, then what the unused bits would be.
    function _last(bytes32 digest) private pure returns (bytes32) {
        return Base32.encode(uint160(uint128(uint256(digest))) << uint160(UNUSED_BITS));
    }
}
