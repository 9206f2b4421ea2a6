// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/src/utils/EIP712.sol";
import {ITaskEscrow, Bid} from "../interfaces/ITaskEscrow.sol";
import {Signature} from "../Signature.sol";

/// @title Who may do a verb: the named party as the sender, or anybody who carries his signature.
/// @notice Every intent ends in the deadline that `auth` begins with. Intents need no nonce: each names the state
/// that it expects, which its own execution ends.
abstract contract Intents is ITaskEscrow, EIP712 {
    enum Role {
        Buyer,
        Agent,
        Awarder,
        Arbiter
    }

    bytes32 internal constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    bytes32 internal constant BID = keccak256(
        "Bid(bytes32 taskId,uint256 agentId,address agent,address payee,uint96 minPrice,uint40 minWorkSeconds,uint40 validUntil,bytes32 salt)"
    );
    bytes32 internal constant AWARD =
        keccak256("Award(bytes32 taskId,bytes32 bidDigest,uint96 price,bytes32 transcript,uint40 deadline)");
    bytes32 internal constant REVOKE_BID = keccak256("RevokeBid(bytes32 bidDigest,uint40 deadline)");
    bytes32 internal constant VETO = keccak256("Veto(bytes32 taskId,uint40 deadline)");
    bytes32 internal constant SUBMIT =
        keccak256("Submit(bytes32 taskId,uint256 agentId,bytes32 deliverable,uint40 since,uint40 deadline)");
    bytes32 internal constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");
    bytes32 internal constant CLAIM = keccak256("Claim(bytes32 taskId,uint96 remaining,uint40 deadline)");
    bytes32 internal constant CANCEL = keccak256("Cancel(bytes32 taskId,uint96 remaining,uint40 deadline)");
    bytes32 internal constant DISPUTE = keccak256("Dispute(bytes32 taskId,bytes32 evidence,uint40 deadline)");
    bytes32 internal constant SETTLE =
        keccak256("Settle(bytes32 taskId,uint96 remaining,uint96 toAgent,uint40 deadline)");
    bytes32 internal constant RULE =
        keccak256("Rule(bytes32 taskId,uint96 remaining,uint16 shareBps,bytes32 reasons,uint40 deadline)");

    /// `abi.encodePacked(uint40 deadline, ...)`, then a role where two parties may act, then the signature.
    uint256 private constant DEADLINE_BYTES = 5;
    uint256 private constant ROLE_BYTES = 6;
    uint256 private constant BID_BYTES = 8 * 32;

    /// @inheritdoc ITaskEscrow
    /// @dev `keccak256(abi.encode(BID, bid))`, copied without decoding: every field that a verb uses is checked when it
    /// is read, and of a digest over stray bits there is no signature that an honest agent made.
    function bidDigestOf(Bid calldata bid) public view returns (bytes32) {
        bytes32 kind = BID;
        uint256 length = BID_BYTES;
        bytes32 intent;
        // slither-disable-next-line assembly - the fields are hashed as they lie in calldata
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, kind)
            calldatacopy(add(start, 0x20), bid, length)
            intent := keccak256(start, add(length, 0x20))
        }
        return _hashTypedData(intent);
    }

    /// @inheritdoc ITaskEscrow
    // slither-disable-next-line naming-convention - the name is that of EIP-2612
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparator();
    }

    /// @dev False where a signature is brought, which the caller then checks; reverts for a stranger.
    function _isSentBy(Role role, address party, bytes calldata auth) internal view returns (bool) {
        if (auth.length != 0) return false;
        if (msg.sender == party) return true;
        if (role == Role.Buyer) revert NotBuyer(msg.sender, party);
        if (role == Role.Agent) revert NotAgent(msg.sender, party);
        if (role == Role.Awarder) revert NotAwarder(msg.sender, party);
        revert NotArbiter(msg.sender, party);
    }

    /// @dev Which of the two parties has signed, where both may.
    function _namesAgent(bytes calldata auth) internal pure returns (bool) {
        if (auth.length < ROLE_BYTES) revert BadAuth(auth.length);
        uint8 role = uint8(auth[DEADLINE_BYTES]);
        if (role > uint8(Role.Agent)) revert BadRole(role);
        return role == uint8(Role.Agent);
    }

    function _deadline(bytes calldata auth) internal view returns (uint40 deadline) {
        if (auth.length < DEADLINE_BYTES) revert BadAuth(auth.length);
        deadline = uint40(bytes5(auth[:DEADLINE_BYTES]));
        // slither-disable-next-line timestamp - a deadline is the signer's own, a block leans by seconds
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
    }

    function _requireSigned(address party, bytes32 intent, bytes calldata auth) internal view {
        _requireSignature(party, _hashTypedData(intent), auth[DEADLINE_BYTES:]);
    }

    function _requireSignedWithRole(address party, bytes32 intent, bytes calldata auth) internal view {
        _requireSignature(party, _hashTypedData(intent), auth[ROLE_BYTES:]);
    }

    function _requireSignature(address party, bytes32 digest, bytes calldata signature) internal view {
        if (!Signature.isBy(party, digest, signature)) revert BadSignature(party);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Guildhall TaskEscrow", "1");
    }
}
