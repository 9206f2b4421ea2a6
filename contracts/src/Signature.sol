// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Whether a signature is an account's, key or contract.
library Signature {
    /// What a contract wallet may spend on its check, so that it cannot burn the carrier's gas.
    uint256 internal constant ERC1271_GAS = 400_000;

    /// @notice ECDSA first: it costs no access of the signer's code, and a key keeps working under EIP-7702.
    /// Only 65 bytes with a low s and v of 27 or 28 count; anything else is for an ERC-1271 wallet to judge.
    function isBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        // slither-disable-next-line unused-return - the third value only details the error
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return _approves(signer, digest, signature);
    }

    /// @dev Copies one word of the answer, however long it is (a huge one would cost the carrier memory).
    function _approves(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool approved) {
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
