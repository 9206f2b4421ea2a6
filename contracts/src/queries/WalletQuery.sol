// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Whether a wallet that may not be deployed yet approves a digest (ERC-6492), as a question and no more.
/// @notice Never deployed: its creation code with the arguments is sent as an eth_call without a `to`, and the answer
/// is one word, 0 or 1. What the factory does while the question is asked happens nowhere.
contract WalletQuery {
    /// What a wallet may spend on its check, as in Signature.sol.
    uint256 private constant ERC1271_GAS = 400_000;

    constructor(address wallet, bytes32 digest, bytes memory signature, address factory, bytes memory preparation) {
        bool approved = _approves(wallet, digest, signature);
        if (!approved) {
            _prepare(factory, preparation);
            approved = _approves(wallet, digest, signature);
        }
        // slither-disable-next-line assembly - a constructor's answer is what it returns as code
        assembly ("memory-safe") {
            mstore(0x00, approved)
            return(0x00, 0x20)
        }
    }

    /// @dev Its answer is not read: only the wallet's matters.
    function _prepare(address factory, bytes memory preparation) private {
        // slither-disable-next-line assembly - only assembly leaves the answer, which may be huge, where it is
        assembly ("memory-safe") {
            pop(call(gas(), factory, 0, add(preparation, 0x20), mload(preparation), 0x00, 0x00))
        }
    }

    /// @dev Copies one word of the answer. An account without code answers nothing, which is no approval.
    function _approves(address wallet, bytes32 digest, bytes memory signature) private view returns (bool approved) {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 magic = bytes32(IERC1271.isValidSignature.selector);
        uint256 gasCap = ERC1271_GAS;
        // slither-disable-next-line assembly - only assembly caps the gas and the length of the answer
        assembly ("memory-safe") {
            let done := staticcall(gasCap, wallet, add(question, 0x20), mload(question), 0x00, 0x20)
            approved := and(and(done, gt(returndatasize(), 0x1f)), eq(mload(0x00), magic))
        }
    }
}
