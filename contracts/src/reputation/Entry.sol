// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One feedback in one word, from the lowest bit:
/// value 128 | valueDecimals 8 | revoked 1 | free 7 | number of the tags 48 | last index 64.
/// Only the first entry of a client on an agent tells the last index of them all, so that a client costs no word more.
type Entry is uint256;

using {valueOf, valueDecimalsOf, revokedOf, tagsOf, lastIndexOf, revoking, withLastIndex} for Entry global;

uint256 constant DECIMALS_AT = 128;
uint256 constant REVOKED = 1 << 136;
uint256 constant TAGS_AT = 144;
uint256 constant LAST_INDEX_AT = 192;

function given(int128 value, uint8 valueDecimals, uint48 tags) pure returns (Entry) {
    return Entry.wrap(uint128(value) | (uint256(valueDecimals) << DECIMALS_AT) | (uint256(tags) << TAGS_AT));
}

function valueOf(Entry entry) pure returns (int128) {
    return int128(uint128(Entry.unwrap(entry)));
}

function valueDecimalsOf(Entry entry) pure returns (uint8) {
    return uint8(Entry.unwrap(entry) >> DECIMALS_AT);
}

function revokedOf(Entry entry) pure returns (bool) {
    return Entry.unwrap(entry) & REVOKED != 0;
}

function tagsOf(Entry entry) pure returns (uint48) {
    return uint48(Entry.unwrap(entry) >> TAGS_AT);
}

function lastIndexOf(Entry entry) pure returns (uint64) {
    return uint64(Entry.unwrap(entry) >> LAST_INDEX_AT);
}

function revoking(Entry entry) pure returns (Entry) {
    return Entry.wrap(Entry.unwrap(entry) | REVOKED);
}

function withLastIndex(Entry entry, uint64 index) pure returns (Entry) {
    uint256 kept = Entry.unwrap(entry) & ((1 << LAST_INDEX_AT) - 1);
    return Entry.wrap(kept | (uint256(index) << LAST_INDEX_AT));
}
