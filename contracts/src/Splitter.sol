// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {LibClone} from "solady/src/utils/LibClone.sol";
import {ISplitter} from "./interfaces/ISplitter.sol";

/// @title A payee that is several payees.
/// @notice Clones carry their configuration as immutable arguments: one word for each payee, the address above its
/// share of 96 bits.
/// @dev The only lock of these contracts: what ever arrived is read off the balance, so in the middle of a transfer no
/// order of writes makes that sum true.
contract Splitter is ISplitter, ReentrancyGuardTransient {
    uint256 private constant WORD_BYTES = 32;
    uint256 private constant SHARE_BITS = 96;

    address public immutable token;
    // slither-disable-next-line naming-convention - a constant of each deployment
    address private immutable IMPLEMENTATION;

    mapping(address payee => uint256) public withdrawn;
    uint256 public totalWithdrawn;

    constructor(address token_) {
        // slither-disable-next-line missing-zero-check - the factory has checked it
        token = token_;
        IMPLEMENTATION = address(this);
    }

    /// @inheritdoc ISplitter
    function withdraw(address payee) external nonReentrant returns (uint256 amount) {
        amount = _dueTo(payee);
        // slither-disable-next-line incorrect-equality - less than a unit cannot be due
        if (amount == 0) revert NothingDue(payee);

        withdrawn[payee] += amount;
        totalWithdrawn += amount;
        emit Withdrawn(payee, amount);
        if (!SafeERC20.trySafeTransfer(IERC20(token), payee, amount)) revert TransferFailed();
    }

    /// @inheritdoc ISplitter
    function dueTo(address payee) external view nonReentrantView returns (uint256) {
        return _dueTo(payee);
    }

    /// @inheritdoc ISplitter
    function split() external view returns (address[] memory payees, uint96[] memory shares) {
        bytes memory words = _configuration();
        uint256 count = words.length / WORD_BYTES;
        (payees, shares) = (new address[](count), new uint96[](count));
        for (uint256 i; i < count; ++i) {
            (payees[i], shares[i]) = _wordAt(words, i);
        }
    }

    /// @dev Of all that ever arrived, so that neither the order nor the number of withdrawals matters.
    function _dueTo(address payee) private view returns (uint256) {
        (uint256 share, uint256 whole) = _shareOf(payee);
        if (share == 0) revert NotPayee(payee);
        uint256 arrived = IERC20(token).balanceOf(address(this)) + totalWithdrawn;
        return arrived * share / whole - withdrawn[payee];
    }

    function _shareOf(address payee) private view returns (uint256 share, uint256 whole) {
        bytes memory words = _configuration();
        for (uint256 i; i < words.length / WORD_BYTES; ++i) {
            (address owner, uint96 part) = _wordAt(words, i);
            if (owner == payee) share = part;
            whole += part;
        }
    }

    // slither-disable-next-line assembly - one word of packed bytes, which Solidity reads byte by byte
    function _wordAt(bytes memory words, uint256 i) private pure returns (address payee, uint96 share) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(words, 0x20), mul(i, 0x20)))
        }
        return (address(uint160(word >> SHARE_BITS)), uint96(word));
    }

    /// @dev The implementation has no arguments and would read its own code as such.
    function _configuration() private view returns (bytes memory) {
        if (address(this) == IMPLEMENTATION) revert NotSplitter(address(this));
        return LibClone.argsOnClone(address(this));
    }
}
