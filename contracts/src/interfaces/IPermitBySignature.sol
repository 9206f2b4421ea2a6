// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title EIP-2612 in its ERC-1271 form (FiatTokenV2_2).
interface IPermitBySignature {
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature) external;
}
