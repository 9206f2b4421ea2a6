// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPayouts} from "./interfaces/IPayouts.sol";

/// @title How money leaves: pushed, or owed where the push failed.
/// @notice One blacklisted party must not lock the other's money, so a failed push reverts nothing.
abstract contract Payouts is IPayouts {
    /// Three times what a USDC transfer to a fresh account takes through its proxy.
    uint256 private constant PUSH_GAS = 150_000;

    address public immutable token;

    mapping(address owner => uint256) public owed;
    uint256 public totalOwed;

    constructor(address token_) {
        if (token_ == address(0)) revert ZeroParty();
        token = token_;
    }

    /// @inheritdoc IPayouts
    function withdraw(address owner) external {
        uint256 amount = owed[owner];
        if (amount == 0) revert NothingOwed(owner);
        delete owed[owner];
        totalOwed -= amount;
        emit Withdrawn(owner, amount);
        if (!_transfer(owner, amount)) revert TransferFailed();
    }

    /// @dev Call last: every write of the verb precedes the token, so that a token that calls back finds nothing
    /// unfinished. EIP-150 leaves the inner call 63/64 of the gas: a carrier who starves it may revert the verb,
    /// never turn a payment into a debt. `source` is the id that the debt's event names.
    function _push(bytes32 source, address to, uint96 amount) internal {
        if (amount == 0) return;
        uint256 offered = gasleft() - gasleft() / 64;
        if (_transfer(to, amount)) return;
        if (offered < PUSH_GAS) revert OutOfPushGas(offered, PUSH_GAS);
        owed[to] += amount;
        // slither-disable-next-line costly-loop - within a batch only the payees whom the token refuses
        totalOwed += amount;
        _announceOwed(source, to, amount);
    }

    /// @dev Emits PaymentOwed, whose first parameter each contract names after its own ids.
    function _announceOwed(bytes32 source, address owner, uint96 amount) internal virtual;

    /// @dev Money sent to the contract itself would belong to nobody; the token refuses money sent to it.
    function _requirePayable(address payee) internal view {
        if (payee == address(0) || payee == address(this) || payee == token) revert BadPayee(payee);
    }

    /// @dev True for success with no answer or with `true`. The token has code, proven by the deposit that came before.
    /// The question lies beyond the free memory's start, only 32 bytes of the answer are taken, into scratch space.
    function _transfer(address to, uint256 amount) internal returns (bool sent) {
        address asset = token;
        uint256 selector = uint32(IERC20.transfer.selector);
        // slither-disable-next-line assembly - only assembly copies one word of a token's answer
        assembly ("memory-safe") {
            let question := mload(0x40)
            mstore(question, selector)
            mstore(add(question, 0x20), to)
            mstore(add(question, 0x40), amount)
            mstore(0x00, 1)
            sent := call(gas(), asset, 0, add(question, 0x1c), 0x44, 0x00, 0x20)
            sent := and(sent, eq(mload(0x00), 1))
        }
    }
}
