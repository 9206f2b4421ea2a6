// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The two tags of a feedback, each pair stored once and called by its number from then on.
/// @notice By the pair, not the tag: feedback then reads one word, and the usual tags fill only one.
abstract contract Tags {
    uint256 private constant LENGTH_BYTES = 3;

    /// The length of the first tag, the first tag, the second.
    bytes[] private _pairs;
    /// From 1 on: number 0 stands for two empty tags.
    mapping(bytes32 pairHash => uint48) private _numbers;

    function _numberOf(string calldata tag1, string calldata tag2) internal returns (uint48 number) {
        if (bytes(tag1).length + bytes(tag2).length == 0) return 0;
        // Gas ends far below the 16 MB at which a length of three bytes would not do.
        bytes memory pair = abi.encodePacked(uint24(bytes(tag1).length), tag1, tag2);
        bytes32 pairHash = keccak256(pair);
        number = _numbers[pairHash];
        if (number != 0) return number;
        _pairs.push(pair);
        number = uint48(_pairs.length);
        _numbers[pairHash] = number;
    }

    function _tagsOf(uint48 number) internal view returns (string memory tag1, string memory tag2) {
        if (number == 0) return ("", "");
        bytes memory pair = _pairs[number - 1];
        uint256 length = uint24(bytes3(pair));
        tag1 = string(_slice(pair, LENGTH_BYTES, length));
        tag2 = string(_slice(pair, LENGTH_BYTES + length, pair.length - LENGTH_BYTES - length));
    }

    function _slice(bytes memory text, uint256 start, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        // slither-disable-next-line assembly - copies at once what the language copies byte by byte
        assembly ("memory-safe") {
            mcopy(add(part, 0x20), add(add(text, 0x20), start), length)
        }
    }
}
