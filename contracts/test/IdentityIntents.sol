// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";

/// @title What an owner and a wallet sign for the identity registry.
abstract contract IdentityIntents is EscrowTest {
    bytes32 private constant REGISTER =
        keccak256("Register(address owner,string agentURI,uint256 nonce,uint256 deadline)");
    bytes32 private constant REGISTER_BY_DIGEST =
        keccak256("RegisterByDigest(address owner,bytes32 digest,uint256 nonce,uint256 deadline)");
    bytes32 private constant AGENT_WALLET_SET =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    bytes32 private constant SET_AGENT_WALLET =
        keccak256("SetAgentWallet(uint256 agentId,address newWallet,uint256 nonce,uint256 deadline)");

    function _signRegistration(uint256 key, address owner, string memory uri, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(REGISTER, owner, keccak256(bytes(uri)), nonce, deadline)));
    }

    function _signDigest(uint256 key, address owner, bytes32 digest, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(REGISTER_BY_DIGEST, owner, digest, nonce, deadline)));
    }

    /// The wallet's consent.
    function _signWallet(uint256 key, address wallet, address owner, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(AGENT_WALLET_SET, agentId, wallet, owner, deadline)));
    }

    /// The owner's order.
    function _signChange(uint256 key, address wallet, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(SET_AGENT_WALLET, agentId, wallet, nonce, deadline)));
    }

    function _signFor(uint256 key, bytes32 intent) internal view returns (bytes memory) {
        return _signAt(address(identity), key, intent);
    }

    function _signAt(address registry, uint256 key, bytes32 intent) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                registry
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", domain, intent)));
    }
}
