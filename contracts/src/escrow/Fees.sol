// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow} from "../interfaces/ITaskEscrow.sol";
import {Deposits} from "../Deposits.sol";

/// @title What the escrow earns: a fixed part of what reaches an agent, collected apart.
abstract contract Fees is ITaskEscrow, Deposits {
    uint16 internal constant MAX_FEE_BPS = 1_000;
    uint256 internal constant WHOLE_BPS = 10_000;

    address public immutable feeOwner;
    uint16 public immutable feeBps;

    uint256 public feesAccrued;

    constructor(address feeOwner_, uint16 feeBps_) {
        if (feeOwner_ == address(0)) revert ZeroParty();
        if (feeBps_ > MAX_FEE_BPS) revert FeeAboveCap(feeBps_, MAX_FEE_BPS);
        feeOwner = feeOwner_;
        feeBps = feeBps_;
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
        unchecked {
            fee = uint96((uint256(amount) * feeBps + WHOLE_BPS - 1) / WHOLE_BPS);
        }
        if (fee != 0) feesAccrued += fee;
    }

    function _announceOwed(bytes32 taskId, address owner, uint96 amount) internal override {
        emit PaymentOwed(taskId, owner, amount);
    }
}
