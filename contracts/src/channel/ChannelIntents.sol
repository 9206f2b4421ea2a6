// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/src/utils/EIP712.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {IPaymentChannel} from "../interfaces/IPaymentChannel.sol";
import {Signature} from "../Signature.sol";

/// @title Who may do a verb: the named party as the sender, or anybody who carries his signature.
/// @notice Intents need no nonce: an id opens once, a channel begins to close and closes once, a task is funded once,
/// and a voucher's sum only grows.
abstract contract ChannelIntents is IPaymentChannel, EIP712 {
    bytes32 internal constant OPEN = keccak256("Open(bytes32 channelId,uint96 amount,uint40 deadline)");
    bytes32 internal constant START_CLOSE = keccak256("StartClose(bytes32 channelId,uint40 deadline)");
    bytes32 internal constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");
    bytes32 internal constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 internal constant VOUCHER = keccak256("Voucher(bytes32 channelId,address payee,uint96 cumulative)");

    uint256 private constant DEADLINE_BYTES = 5;

    /// @inheritdoc IPaymentChannel
    function voucherDigestOf(bytes32 channelId, address payee, uint96 cumulative) public view returns (bytes32) {
        bytes32 voucher = EfficientHashLib.hash(uint256(VOUCHER), uint256(channelId), uint160(payee), cumulative);
        return _hashTypedData(voucher);
    }

    /// @inheritdoc IPaymentChannel
    // slither-disable-next-line naming-convention - the name is that of EIP-2612
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparator();
    }

    /// @dev False where a signature is brought, which the caller then checks; reverts for a stranger.
    function _isSentBy(address party, bytes calldata auth) internal view returns (bool) {
        if (auth.length != 0) return false;
        if (msg.sender != party) revert NotParty(msg.sender, party);
        return true;
    }

    function _deadline(bytes calldata auth) internal view returns (uint40 deadline) {
        if (auth.length < DEADLINE_BYTES) revert BadAuth(auth.length);
        deadline = uint40(bytes5(auth[:DEADLINE_BYTES]));
        // slither-disable-next-line timestamp - a deadline is the signer's own, a block leans by seconds
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
    }

    function _requireSigned(address party, bytes32 intent, bytes calldata auth) internal view {
        if (!Signature.isBy(party, _hashTypedData(intent), auth[DEADLINE_BYTES:])) revert BadSignature(party);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Guildhall PaymentChannel", "1");
    }
}
