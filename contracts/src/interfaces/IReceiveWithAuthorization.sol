// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title The part of EIP-3009, in its ERC-1271 form (FiatTokenV2_2), by which a payee takes signed money.
interface IReceiveWithAuthorization {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
