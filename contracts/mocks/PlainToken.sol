// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Signature} from "../src/Signature.sol";

/// @title The token of the gas table: OpenZeppelin's ERC-20 with six decimals, permit and EIP-3009, and nothing more.
/// @notice No blacklist, pause, proxy or minters, so that the table shows what our contracts cost and not what a
/// certain dollar does; its optimizer runs are its own, so that they never move with ours. Anybody may mint.
contract PlainToken is ERC20, ERC20Permit {
    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    mapping(address authorizer => mapping(bytes32 nonce => bool)) public authorizationState;

    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    error CallerMustBePayee(address actual, address required);
    error NotYetValid(uint256 validAfter);
    error Expired(uint256 validBefore);
    error AuthorizationIsUsed(address authorizer, bytes32 nonce);
    error BadSignature(address signer);

    constructor() ERC20("Plain Token", "PLAIN") ERC20Permit("Plain Token") {}

    /// Like the dollar's, so that tests may call either.
    function mint(address to, uint256 amount) external returns (bool) {
        _mint(to, amount);
        return true;
    }

    /// EIP-2612 with a signature that a key or an ERC-1271 wallet gave.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        if (block.timestamp > deadline) revert Expired(deadline);
        bytes32 intent = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline));
        _requireSigned(owner, intent, signature);
        _approve(owner, spender, value);
    }

    /// EIP-3009; both ends of the time span are strict.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (to != msg.sender) revert CallerMustBePayee(msg.sender, to);
        if (block.timestamp <= validAfter) revert NotYetValid(validAfter);
        if (block.timestamp >= validBefore) revert Expired(validBefore);
        if (authorizationState[from][nonce]) revert AuthorizationIsUsed(from, nonce);
        bytes32 kind = RECEIVE_WITH_AUTHORIZATION_TYPEHASH;
        bytes32 intent = keccak256(abi.encode(kind, from, to, value, validAfter, validBefore, nonce));
        _requireSigned(from, intent, signature);
        authorizationState[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function version() external pure returns (string memory) {
        return "1";
    }

    function _requireSigned(address signer, bytes32 intent, bytes calldata signature) private view {
        if (!Signature.isBy(signer, _hashTypedDataV4(intent), signature)) revert BadSignature(signer);
    }
}
