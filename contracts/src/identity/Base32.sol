// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Base32 (RFC 4648, lower case, no padding) of 160 bits, which are the 32 characters of one word.
/// @notice All characters at once: five steps move the halves of every group apart, until each group is five bits
/// in a byte of its own.
library Base32 {
    /// The low half of each group, by the number of its bits. Literals, since the compiler does not fold their making.
    uint256 private constant LOW_80 = 0xffffffffffffffffffff;
    // slither-disable-next-line too-many-digits - each digit stands for four bits of the mask
    uint256 private constant LOW_40 = 0xffffffffff_0000000000000000000000_ffffffffff;
    // slither-disable-next-line too-many-digits - each digit stands for four bits of the mask
    uint256 private constant LOW_20 = 0x00000000000fffff00000000000fffff00000000000fffff00000000000fffff;
    // slither-disable-next-line too-many-digits - each digit stands for four bits of the mask
    uint256 private constant LOW_10 = 0x000003ff000003ff000003ff000003ff000003ff000003ff000003ff000003ff;
    uint256 private constant LOW_5 = 0x001f001f001f001f001f001f001f001f001f001f001f001f001f001f001f001f;

    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant FIVE_BITS = ONES * 31;
    /// Added to a value, carries into its byte's high bit from 26 on, where the digits begin.
    uint256 private constant CARRY_FROM_26 = ONES * (128 - 26);
    uint256 private constant LETTERS = ONES * 0x61;
    /// From the character that would follow z back to the digit 2.
    uint256 private constant LETTER_TO_DIGIT = 0x61 + 26 - 0x32;

    function encode(uint160 bits) internal pure returns (bytes32) {
        uint256 values = _apart(bits, LOW_80, 48);
        values = _apart(values, LOW_40, 24);
        values = _apart(values, LOW_20, 12);
        values = _apart(values, LOW_10, 6);
        values = _apart(values, LOW_5, 3);
        uint256 digits = ((values + CARRY_FROM_26) >> 7) & ONES;
        return bytes32(values + LETTERS - digits * LETTER_TO_DIGIT);
    }

    /// @notice The inverse of `encode`. Characters that are not of the alphabet give bits that encode to others.
    function decode(bytes32 characters) internal pure returns (uint160) {
        uint256 letters = (uint256(characters) >> 6) & ONES;
        // Modulo 32, a letter is one above its value and a digit eight below.
        uint256 values = ((uint256(characters) & FIVE_BITS) + letters * 31 + (ONES ^ letters) * 8) & FIVE_BITS;
        values = _together(values, LOW_5, 3);
        values = _together(values, LOW_10, 6);
        values = _together(values, LOW_20, 12);
        values = _together(values, LOW_40, 24);
        return uint160(_together(values, LOW_80, 48));
    }

    function _apart(uint256 values, uint256 low, uint256 distance) private pure returns (uint256) {
        return (values & low) | ((values & ~low) << distance);
    }

    function _together(uint256 values, uint256 low, uint256 distance) private pure returns (uint256) {
        return (values & low) | ((values & ~low) >> distance);
    }
}
