// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

struct MetadataEntry {
    string metadataKey;
    bytes metadataValue;
}

/// @title ERC-8004 identity registry (draft, text of 2026-01-25), an ERC-721 of agents.
/// @notice Ids start at 1, since others store 0 for "no agent", and stay below 2^44.
interface IIdentityRegistry {
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );

    error NotAuthorized(address actual, uint256 agentId);
    error ReservedMetadataKey(string key);
    error DeadlineTooFar(uint256 deadline, uint256 max);
    error IntentExpired(uint256 time, uint256 deadline);
    error BadSignature(address signer);
    error IdsExhausted();
    error ZeroWallet();
    error EtherRefused(uint256 actual);

    function register(string calldata agentURI, MetadataEntry[] calldata metadata) external returns (uint256 agentId);
    function register(string calldata agentURI) external returns (uint256 agentId);
    function register() external returns (uint256 agentId);

    /// @notice Registers for `owner`, who signed
    /// `Register(address owner,string agentURI,uint256 nonce,uint256 deadline)`; whoever carries it pays the gas.
    function registerFor(address owner, string calldata agentURI, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 agentId);

    /// @notice Registers with the URI of raw bytes whose SHA-256 is `digest`: "ipfs://" and a CIDv1 in base32. The
    /// event and `tokenURI` carry the whole text. The cheapest way to register.
    function registerByDigest(bytes32 digest) external returns (uint256 agentId);
    /// @notice The same for `owner`, who signed
    /// `RegisterByDigest(address owner,bytes32 digest,uint256 nonce,uint256 deadline)`.
    function registerByDigestFor(address owner, bytes32 digest, uint256 deadline, bytes calldata signature)
        external
        returns (uint256 agentId);
    /// @notice The nonce that `owner` signs next, in either of the two registrations.
    function registrationNonce(address owner) external view returns (uint256);

    function setAgentURI(uint256 agentId, string calldata newURI) external;
    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory);
    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue) external;

    /// @notice `newWallet` signs `AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)`
    /// with deadline at most 5 minutes ahead. Cleared on transfer. Metadata key "agentWallet" is reserved for it.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature) external;
    /// @notice The same, carried by anybody: the owner signed
    /// `SetAgentWallet(uint256 agentId,address newWallet,uint256 nonce,uint256 deadline)` with `walletNonce` and a
    /// deadline of his own choice; `newWallet` signed as above. An operator's signature does not count here.
    function setAgentWalletFor(
        uint256 agentId,
        address newWallet,
        uint256 deadline,
        bytes calldata walletSignature,
        uint256 ownerDeadline,
        bytes calldata ownerSignature
    ) external;
    /// @notice How often the wallet has changed, by whichever way, a transfer included: an intent that was signed
    /// before a change is void after it. 0 for an id that does not exist.
    function walletNonce(uint256 agentId) external view returns (uint256);
    function getAgentWallet(uint256 agentId) external view returns (address);
    function unsetAgentWallet(uint256 agentId) external;

    /// @notice True for the owner, an approved operator and the agent wallet; false (never a revert) for an
    /// id that does not exist.
    function isController(address account, uint256 agentId) external view returns (bool);
}
