// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ITaskEscrow} from "../interfaces/ITaskEscrow.sol";

/// @title How money leaves: pushed, or owed where the push failed.
/// @notice One blacklisted party must not lock the other's money, so a failed push never reverts a task's end.
abstract contract Payouts is ITaskEscrow {
    uint16 internal constant MAX_FEE_BPS = 1_000;
    uint256 internal constant WHOLE_BPS = 10_000;
    /// Three times what a USDC transfer to a fresh account takes through its proxy.
    uint256 private constant PUSH_GAS = 150_000;

    address public immutable token;
    address public immutable feeOwner;
    uint16 public immutable feeBps;

    mapping(address owner => uint256) public owed;
    uint256 public totalOwed;
    uint256 public feesAccrued;

    constructor(address token_, address feeOwner_, uint16 feeBps_) {
        if (token_ == address(0) || feeOwner_ == address(0)) revert ZeroParty();
        if (feeBps_ > MAX_FEE_BPS) revert FeeAboveCap(feeBps_, MAX_FEE_BPS);
        token = token_;
        feeOwner = feeOwner_;
        feeBps = feeBps_;
    }

    /// @inheritdoc ITaskEscrow
    function withdraw(address owner) external {
        uint256 amount = owed[owner];
        if (amount == 0) revert NothingOwed(owner);
        delete owed[owner];
        totalOwed -= amount;
        emit Withdrawn(owner, amount);
        if (!_transfer(owner, amount)) revert TransferFailed();
    }

    /// @inheritdoc ITaskEscrow
    function collectFees() external {
        uint256 amount = feesAccrued;
        if (amount == 0) revert NothingOwed(feeOwner);
        delete feesAccrued;
        emit FeesCollected(feeOwner, amount);
        if (!_transfer(feeOwner, amount)) revert TransferFailed();
    }

    /// @dev Rounded up, so that splitting a payment never lowers the fee; at most `amount` since the cap is below one.
    function _chargeFee(uint96 amount) internal returns (uint96 fee) {
        fee = uint96((uint256(amount) * feeBps + WHOLE_BPS - 1) / WHOLE_BPS);
        if (fee != 0) feesAccrued += fee;
    }

    /// @dev Call last: every write of the verb precedes the token, so that a token that calls back finds nothing
    /// unfinished. EIP-150 leaves the inner call 63/64 of the gas: a carrier who starves it may revert the verb,
    /// never turn a payment into a debt.
    function _push(bytes32 taskId, address to, uint96 amount) internal {
        if (amount == 0) return;
        uint256 offered = gasleft() - gasleft() / 64;
        if (_transfer(to, amount)) return;
        if (offered < PUSH_GAS) revert OutOfPushGas(offered, PUSH_GAS);
        owed[to] += amount;
        totalOwed += amount;
        emit PaymentOwed(taskId, to, amount);
    }

    /// @dev Money sent to the escrow itself would belong to nobody; the token refuses money sent to it.
    function _requirePayable(address payee) internal view {
        if (payee == address(0) || payee == address(this) || payee == token) revert BadPayee(payee);
    }

    /// @dev True for success with no answer or with `true`. The token has code, proven by the fund that came before.
    function _transfer(address to, uint256 amount) private returns (bool sent) {
        bytes memory question = abi.encodeCall(IERC20.transfer, (to, amount));
        address asset = token;
        assembly ("memory-safe") {
            mstore(0x00, 1)
            sent := call(gas(), asset, 0, add(question, 0x20), mload(question), 0x00, 0x20)
            sent := and(sent, eq(mload(0x00), 1))
        }
    }
}
