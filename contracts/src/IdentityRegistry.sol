// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {EIP712} from "solady/src/utils/EIP712.sol";
import {IIdentityRegistry, MetadataEntry} from "./interfaces/IIdentityRegistry.sol";
import {Signature} from "./Signature.sol";

/// @title Who the agents are (ERC-8004), an ERC-721 whose tokens are agents.
/// @notice Mints without asking the receiver: an owner either sent the registration or signed it.
contract IdentityRegistry is IIdentityRegistry, ERC721, EIP712 {
    bytes32 private constant AGENT_WALLET_SET =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    bytes32 private constant REGISTER =
        keccak256("Register(address owner,string agentURI,uint256 nonce,uint256 deadline)");
    string private constant WALLET_KEY = "agentWallet";
    uint256 private constant MAX_WALLET_DEADLINE_SECONDS = 5 minutes;
    /// The escrow packs an agent id into 44 bits.
    uint256 private constant MAX_AGENT_ID = (1 << 44) - 1;

    mapping(address owner => uint256) public registrationNonce;

    uint256 private _lastId;
    mapping(uint256 agentId => string) private _uris;
    mapping(uint256 agentId => address) private _wallets;
    mapping(uint256 agentId => mapping(string key => bytes)) private _metadata;

    constructor() ERC721("Guildhall Agent", "AGENT") {}

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
        return _register(msg.sender, "");
    }

    /// @inheritdoc IIdentityRegistry
    function registerFor(address owner, string calldata agentURI, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 agentId)
    {
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
        uint256 nonce = registrationNonce[owner]++;
        bytes32 intent = keccak256(abi.encode(REGISTER, owner, keccak256(bytes(agentURI)), nonce, deadline));
        if (!Signature.isBy(owner, _hashTypedData(intent), signature)) revert BadSignature(owner);
        return _register(owner, agentURI);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentURI(uint256 agentId, string calldata newURI) external {
        _requireOperator(agentId);
        _uris[agentId] = newURI;
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
        if (newWallet == address(0)) revert ZeroWallet();
        if (block.timestamp > deadline) revert IntentExpired(block.timestamp, deadline);
        uint256 latest = block.timestamp + MAX_WALLET_DEADLINE_SECONDS;
        if (deadline > latest) revert DeadlineTooFar(deadline, latest);
        bytes32 intent = keccak256(abi.encode(AGENT_WALLET_SET, agentId, newWallet, _ownerOf(agentId), deadline));
        if (!Signature.isBy(newWallet, _hashTypedData(intent), signature)) revert BadSignature(newWallet);
        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IIdentityRegistry
    function unsetAgentWallet(uint256 agentId) external {
        _requireOperator(agentId);
        _setWallet(agentId, address(0));
    }

    /// @inheritdoc IIdentityRegistry
    function getAgentWallet(uint256 agentId) external view returns (address) {
        _requireOwned(agentId);
        return _wallets[agentId];
    }

    /// @inheritdoc IIdentityRegistry
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        if (_isWalletKey(metadataKey)) return _walletBytes(_wallets[agentId]);
        return _metadata[agentId][metadataKey];
    }

    /// @inheritdoc IIdentityRegistry
    function isController(address account, uint256 agentId) external view returns (bool) {
        address owner = _ownerOf(agentId);
        if (owner == address(0) || account == address(0)) return false;
        return account == owner || account == _wallets[agentId] || _isAuthorized(owner, account, agentId);
    }

    function tokenURI(uint256 agentId) public view override returns (string memory) {
        _requireOwned(agentId);
        return _uris[agentId];
    }

    function _register(address owner, string memory agentURI) private returns (uint256 agentId) {
        agentId = ++_lastId;
        if (agentId > MAX_AGENT_ID) revert IdsExhausted();
        if (bytes(agentURI).length != 0) _uris[agentId] = agentURI;
        _mint(owner, agentId);
        emit Registered(agentId, agentURI, owner);
        _setWallet(agentId, owner);
    }

    function _setMetadata(uint256 agentId, string calldata key, bytes calldata value) private {
        if (_isWalletKey(key)) revert ReservedMetadataKey(key);
        _metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    function _setWallet(uint256 agentId, address wallet) private {
        _wallets[agentId] = wallet;
        emit MetadataSet(agentId, WALLET_KEY, WALLET_KEY, _walletBytes(wallet));
    }

    /// @dev The wallet belongs to the seller, not to the agent: a transfer clears it.
    function _update(address to, uint256 agentId, address auth) internal override returns (address from) {
        from = super._update(to, agentId, auth);
        if (from != address(0)) _setWallet(agentId, address(0));
    }

    function _requireOperator(uint256 agentId) private view {
        if (!_isAuthorized(_requireOwned(agentId), msg.sender, agentId)) revert NotAuthorized(msg.sender, agentId);
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
