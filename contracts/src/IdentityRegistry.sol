// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/src/utils/EIP712.sol";
import {IIdentityRegistry, MetadataEntry} from "./interfaces/IIdentityRegistry.sol";
import {AgentData, registered} from "./identity/AgentData.sol";
import {AgentUris} from "./identity/AgentUris.sol";
import {ContentId} from "./identity/ContentId.sol";
import {Signature} from "./Signature.sol";

/// @title Who the agents are (ERC-8004), an ERC-721 whose tokens are agents.
/// @notice Mints without asking the receiver: an owner either sent the registration or signed it.
contract IdentityRegistry is AgentUris, EIP712 {
    bytes32 private constant REGISTER =
        keccak256("Register(address owner,string agentURI,uint256 nonce,uint256 deadline)");
    bytes32 private constant REGISTER_BY_DIGEST =
        keccak256("RegisterByDigest(address owner,bytes32 digest,uint256 nonce,uint256 deadline)");
    bytes32 private constant AGENT_WALLET_SET =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    bytes32 private constant SET_AGENT_WALLET =
        keccak256("SetAgentWallet(uint256 agentId,address newWallet,uint256 nonce,uint256 deadline)");
    string private constant WALLET_KEY = "agentWallet";
    uint256 private constant MAX_WALLET_DEADLINE_SECONDS = 5 minutes;

    /// Zero for an agent whose wallet is its owner.
    mapping(uint256 agentId => address) private _wallets;
    mapping(uint256 agentId => mapping(string key => bytes)) private _metadata;

    /// @inheritdoc IIdentityRegistry
    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId) {
        agentId = _register(msg.sender, agentURI);
        for (uint256 i; i < metadata.length; ++i) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }
    }

    /// @inheritdoc IIdentityRegistry
    function register(string calldata agentURI) external returns (uint256 agentId) {
        return _register(msg.sender, agentURI);
    }

    /// @inheritdoc IIdentityRegistry
    function register() external returns (uint256 agentId) {
        return _register(msg.sender, string(msg.data[:0]));
    }

    /// @inheritdoc IIdentityRegistry
    function registerFor(address owner, string calldata agentURI, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 agentId)
    {
        uint256 nonce = _useNonce(owner);
        bytes32 intent = keccak256(abi.encode(REGISTER, owner, keccak256(bytes(agentURI)), nonce, deadline));
        _requireSigned(owner, intent, deadline, signature);
        return _register(owner, agentURI);
    }

    /// @inheritdoc IIdentityRegistry
    function registerByDigest(bytes32 digest) external returns (uint256 agentId) {
        return _registerByDigest(msg.sender, digest);
    }

    /// @inheritdoc IIdentityRegistry
    function registerByDigestFor(address owner, bytes32 digest, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 agentId)
    {
        bytes32 intent = keccak256(abi.encode(REGISTER_BY_DIGEST, owner, digest, _useNonce(owner), deadline));
        _requireSigned(owner, intent, deadline, signature);
        return _registerByDigest(owner, digest);
    }

    /// @inheritdoc IIdentityRegistry
    function registrationNonce(address owner) external view returns (uint256) {
        return _getAux(owner);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentURI(uint256 agentId, string calldata newURI) external {
        _requireOperator(agentId);
        _setData(agentId, _storeUri(agentId, _dataOf(agentId), newURI));
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IIdentityRegistry
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external {
        _requireOperator(agentId);
        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external {
        _requireOperator(agentId);
        _requireWalletAgrees(agentId, newWallet, _ownerOf(agentId), deadline, signature);
        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentWalletFor(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata walletSignature,
        uint256 ownerDeadline,
        bytes calldata ownerSignature
    ) external {
        address owner = _requireOwned(agentId);
        bytes32 intent =
            keccak256(abi.encode(SET_AGENT_WALLET, agentId, newWallet, walletNonce(agentId), ownerDeadline));
        _requireSigned(owner, intent, ownerDeadline, ownerSignature);
        _requireWalletAgrees(agentId, newWallet, owner, deadline, walletSignature);
        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IIdentityRegistry
    function unsetAgentWallet(uint256 agentId) external {
        _requireOperator(agentId);
        _setWallet(agentId, address(0));
    }

    /// @inheritdoc IIdentityRegistry
    function walletNonce(uint256 agentId) public view returns (uint256) {
        return _dataOf(agentId).walletChangesOf();
    }

    /// @inheritdoc IIdentityRegistry
    function getAgentWallet(uint256 agentId) external view returns (address) {
        _requireOwned(agentId);
        return _walletOf(agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        if (_isWalletKey(metadataKey)) return _walletBytes(_walletOf(agentId));
        return _metadata[agentId][metadataKey];
    }

    /// @inheritdoc IIdentityRegistry
    function isController(address account, uint256 agentId) external view returns (bool) {
        if (_isOperator(account, agentId)) return true;
        return !_dataOf(agentId).walletIsOwner() && account != address(0) && account == _wallets[agentId];
    }

    function _register(address owner, string calldata agentURI) private returns (uint256 agentId) {
        agentId = _nextId();
        _mintAgent(owner, agentId, _storeUri(agentId, registered(), agentURI), agentURI);
    }

    function _registerByDigest(address owner, bytes32 digest) private returns (uint256 agentId) {
        agentId = _nextId();
        AgentData data = _storeContentId(agentId, registered(), ContentId.RAW_SHA256, digest);
        _mintAgent(owner, agentId, data, ContentId.uriOf(ContentId.RAW_SHA256, digest));
    }

    function _mintAgent(address owner, uint256 agentId, AgentData data, string memory agentURI) private {
        _mintAndSetExtraDataUnchecked(owner, agentId, AgentData.unwrap(data));
        emit Registered(agentId, agentURI, owner);
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _walletBytes(owner));
    }

    function _setMetadata(uint256 agentId, string calldata key, bytes calldata value) private {
        if (_isWalletKey(key)) revert ReservedMetadataKey(key);
        _metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    function _setWallet(uint256 agentId, address wallet) private {
        bool isOwner = wallet == _ownerOf(agentId);
        AgentData data = _dataOf(agentId);
        address stored = isOwner ? address(0) : wallet;
        if (stored != address(0) || !data.walletIsOwner()) _wallets[agentId] = stored;
        _setData(agentId, data.withWallet(isOwner));
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _walletBytes(wallet));
    }

    /// @dev The wallet belongs to the seller, not to the agent: a transfer clears it.
    function _afterTokenTransfer(address from, address to, uint256 agentId) internal override {
        super._afterTokenTransfer(from, to, agentId);
        if (from != address(0)) _setWallet(agentId, address(0));
    }

    function _walletOf(uint256 agentId) private view returns (address) {
        return _dataOf(agentId).walletIsOwner() ? _ownerOf(agentId) : _wallets[agentId];
    }

    /// @dev Beside the balance, which a registration writes anyway.
    function _useNonce(address owner) private returns (uint256 nonce) {
        nonce = _getAux(owner);
        _setAux(owner, uint224(nonce + 1));
    }

    function _requireOperator(uint256 agentId) private view {
        if (!_isOperator(msg.sender, agentId)) revert NotAuthorized(msg.sender, agentId);
    }

    function _requireWalletAgrees(
        uint256 agentId,
        address wallet,
        address owner,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        if (wallet == address(0)) revert ZeroWallet();
        uint256 latest = block.timestamp + MAX_WALLET_DEADLINE_SECONDS;
        // slither-disable-next-line timestamp - the draft counts five minutes from the block
        if (deadline > latest) revert DeadlineTooFar(deadline, latest);
        bytes32 intent = keccak256(abi.encode(AGENT_WALLET_SET, agentId, wallet, owner, deadline));
        _requireSigned(wallet, intent, deadline, signature);
    }

    function _requireSigned(address signer, bytes32 intent, uint256 deadline, bytes calldata signature) private view {
        // slither-disable-next-line timestamp - a deadline of minutes does not mind a few seconds
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
        if (!Signature.isBy(signer, _hashTypedData(intent), signature)) revert BadSignature(signer);
    }

    function _walletBytes(address wallet) private pure returns (bytes memory) {
        return wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
    }

    function _isWalletKey(string calldata key) private pure returns (bool) {
        return keccak256(bytes(key)) == keccak256(bytes(WALLET_KEY));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("ERC8004IdentityRegistry", "1");
    }
}
