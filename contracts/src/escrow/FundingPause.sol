// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow} from "../interfaces/ITaskEscrow.sol";

/// @title The guardian's only power: to stop new money for a while.
abstract contract FundingPause is ITaskEscrow {
    uint256 internal constant MAX_PAUSE_SECONDS = 14 days;
    /// A period lasts from its first pause; the second half of it cannot be paused, so pauses never join up.
    uint256 internal constant PAUSE_PERIOD_SECONDS = 28 days;

    address public immutable guardian;
    uint40 public fundingPausedUntil;
    uint40 private _periodStart;

    constructor(address guardian_) {
        guardian = guardian_;
    }

    /// @inheritdoc ITaskEscrow
    function pauseFunding(uint40 until) external {
        if (msg.sender != guardian) revert NotGuardian(msg.sender, guardian);
        uint256 start = _periodStart;
        // slither-disable-next-line incorrect-equality,timestamp - 0 is none yet; a block leans by seconds
        if (start == 0 || block.timestamp > start + PAUSE_PERIOD_SECONDS) start = block.timestamp;
        if (until > start + MAX_PAUSE_SECONDS) revert PauseTooLong(until, start + MAX_PAUSE_SECONDS);
        _periodStart = uint40(start);
        fundingPausedUntil = until;
        emit FundingPaused(until);
    }

    function _requireFundingOpen() internal view {
        // slither-disable-next-line timestamp - a pause lasts days, a block leans by seconds
        if (block.timestamp < fundingPausedUntil) revert FundingIsPaused(fundingPausedUntil);
    }
}
