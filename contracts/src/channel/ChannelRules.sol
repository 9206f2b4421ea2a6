// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Channel} from "../interfaces/IPaymentChannel.sol";
import {ChannelLedger} from "./ChannelLedger.sol";

/// @title Which channels may be opened.
abstract contract ChannelRules is ChannelLedger {
    uint256 private constant MAX_CHALLENGE_SECONDS = 30 days;
    uint256 private constant LOCAL_CHAIN_ID = 31337;

    // slither-disable-next-line naming-convention - a constant of each deployment
    uint256 private immutable MIN_CHALLENGE_SECONDS;

    /// @dev A local chain allows windows of a second, so that tests and demonstrations need not jump in time.
    constructor() {
        MIN_CHALLENGE_SECONDS = block.chainid == LOCAL_CHAIN_ID ? 1 seconds : 1 hours;
    }

    /// @dev Reads, and so checks, every field as it came. A payer of 0 needs no check: nobody signs for him. A signer who
    /// were the payee or the sequencer would write himself the other's half of every voucher.
    function _requireOpenable(Channel calldata channel) internal view {
        address counterparty = channel.payee;
        if (channel.sequencer == address(0)) {
            _requirePayable(counterparty);
        } else {
            if (counterparty != address(0)) revert PayeeOrSequencer(counterparty, channel.sequencer);
            counterparty = channel.sequencer;
        }
        if (counterparty == channel.payer) revert PartiesNotDistinct(counterparty);
        if (counterparty == channel.signer) revert PartiesNotDistinct(counterparty);
        uint256 challenge = channel.challengeSeconds;
        if (challenge < MIN_CHALLENGE_SECONDS || challenge > MAX_CHALLENGE_SECONDS) {
            revert WindowOutOfBounds(challenge, MIN_CHALLENGE_SECONDS, MAX_CHALLENGE_SECONDS);
        }
    }
}
