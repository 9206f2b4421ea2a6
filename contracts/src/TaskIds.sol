// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "./interfaces/Terms.sol";

/// @title What a task is called: the hash of its terms, for one escrow.
library TaskIds {
    uint256 internal constant TERMS_BYTES = 15 * 32;

    /// @notice `keccak256(abi.encode(deploymentChainId, escrow, terms))`.
    /// @dev Copied without reading the fields: funding has checked them all, and an id never funded has no money.
    function idOf(uint256 deploymentChainId, address escrow, Terms calldata terms)
        internal
        pure
        returns (bytes32 taskId)
    {
        uint256 length = TERMS_BYTES;
        // slither-disable-next-line assembly - the fields are hashed as they lie in calldata
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, deploymentChainId)
            mstore(add(start, 0x20), escrow)
            calldatacopy(add(start, 0x40), terms, length)
            taskId := keccak256(start, add(length, 0x40))
        }
    }
}
