// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Channel, ChannelState, IPaymentChannel, Redemption, Refusal} from "../interfaces/IPaymentChannel.sol";
import {Signature} from "../Signature.sol";
import {ChannelIntents} from "./ChannelIntents.sol";
import {ChannelLedger} from "./ChannelLedger.sol";
import {ChannelSlot} from "./ChannelSlot.sol";

/// @title How a voucher becomes money.
abstract contract Vouchers is ChannelLedger, ChannelIntents {
    uint256 private constant MAX_BATCH = 64;
    uint256 private constant LENGTH_BYTES = 2;

    /// What one payee of a batch gets.
    struct Payment {
        address payee;
        uint96 amount;
    }

    /// @inheritdoc IPaymentChannel
    function redeem(Channel calldata channel, address payee, uint96 cumulative, bytes calldata signatures)
        external
        returns (uint96 amount)
    {
        bytes32 channelId = channelIdOf(channel);
        Refusal refusal;
        (refusal, payee, amount) = _settle(channelId, channel, payee, cumulative, signatures);
        if (refusal != Refusal.None) _revertWith(refusal, channelId, channel, payee, cumulative);
        _push(channelId, payee, amount);
    }

    /// @inheritdoc IPaymentChannel
    /// @dev All state is written before the first token call; what each payee gets is kept in memory meanwhile.
    function redeemBatch(Redemption[] calldata redemptions) external {
        if (redemptions.length > MAX_BATCH) revert BatchOutOfBounds(redemptions.length, MAX_BATCH);
        Payment[] memory payments = new Payment[](redemptions.length);
        uint256 count = 0;
        (address payee, uint96 sum) = (address(0), 0);
        for (uint256 i; i < redemptions.length; ++i) {
            (address next, uint96 amount) = _settleOrSkip(redemptions[i]);
            if (amount == 0) continue;
            if (next == payee) {
                sum += amount;
            } else {
                if (sum != 0) payments[count++] = Payment(payee, sum);
                (payee, sum) = (next, amount);
            }
        }
        for (uint256 i; i < count; ++i) {
            _push(0, payments[i].payee, payments[i].amount);
        }
        _push(0, payee, sum);
    }

    function _settleOrSkip(Redemption calldata item) private returns (address payee, uint96 amount) {
        bytes32 channelId = channelIdOf(item.channel);
        uint96 cumulative = item.cumulative;
        Refusal refusal;
        (refusal, payee, amount) = _settle(channelId, item.channel, item.payee, cumulative, item.signatures);
        if (refusal != Refusal.None) emit VoucherSkipped(channelId, payee, cumulative, refusal);
    }

    /// @dev What costs least is asked first. A voucher above what is left pays what is left: the rest of it stays good
    /// for a top-up. No sum here passes 96 bits: `paid` and `settled` stay within the deposit.
    function _settle(
        bytes32 channelId,
        Channel calldata channel,
        address named,
        uint96 cumulative,
        bytes calldata signatures
    ) private returns (Refusal refusal, address payee, uint96 amount) {
        ChannelSlot slot = _channels[channelId];
        bool sequenced = _hasSequencer(channel);
        payee = sequenced ? named : channel.payee;
        if (!slot.isOpen()) {
            refusal = _refusalOf(slot);
            if (refusal != Refusal.None) return (refusal, payee, 0);
        }
        uint96 paid = sequenced ? _paid[channelId][payee] : slot.settledOf();
        if (cumulative <= paid) return (Refusal.Stale, payee, 0);
        uint96 left = slot.leftOf();
        if (left == 0) return (Refusal.Exhausted, payee, 0);
        bytes32 digest = voucherDigestOf(channelId, payee, cumulative);
        refusal = sequenced
            ? _judgeSequenced(channel, payee, digest, signatures)
            : _isSigned(channel, digest, signatures) ? Refusal.None : Refusal.NotSigned;
        if (refusal != Refusal.None) return (refusal, payee, 0);

        unchecked {
            amount = cumulative - paid;
            if (amount > left) amount = left;
            paid += amount;
            _channels[channelId] = slot.settling(amount);
        }
        if (sequenced) _paid[channelId][payee] = paid;
        emit VoucherRedeemed(channelId, payee, amount, paid);
    }

    function _refusalOf(ChannelSlot slot) private view returns (Refusal) {
        if (slot.stateOf() != ChannelState.Closing) return Refusal.NotOpen;
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        return block.timestamp > slot.closesAtOf() ? Refusal.Late : Refusal.None;
    }

    function _judgeSequenced(Channel calldata channel, address payee, bytes32 digest, bytes calldata signatures)
        private
        view
        returns (Refusal)
    {
        if (payee == address(0) || payee == address(this) || payee == token) return Refusal.Unpayable;
        if (signatures.length < LENGTH_BYTES) return Refusal.NotSigned;
        uint256 end = LENGTH_BYTES + uint16(bytes2(signatures[:LENGTH_BYTES]));
        if (signatures.length < end) return Refusal.NotSigned;
        if (!_isSigned(channel, digest, signatures[LENGTH_BYTES:end])) return Refusal.NotSigned;
        return Signature.isBy(channel.sequencer, digest, signatures[end:]) ? Refusal.None : Refusal.NotSequenced;
    }

    function _isSigned(Channel calldata channel, bytes32 digest, bytes calldata signature) private view returns (bool) {
        return Signature.isBy(_signerOf(channel), digest, signature);
    }

    function _signerOf(Channel calldata channel) private pure returns (address) {
        return channel.signer == address(0) ? channel.payer : channel.signer;
    }

    function _revertWith(Refusal refusal, bytes32 channelId, Channel calldata channel, address payee, uint96 cumulative)
        private
        view
    {
        ChannelSlot slot = _channels[channelId];
        if (refusal == Refusal.NotOpen) revert WrongState(slot.stateOf());
        if (refusal == Refusal.Late) revert TooLate(block.timestamp, slot.closesAtOf());
        if (refusal == Refusal.Stale) revert VoucherStale(cumulative, paidTo(channel, payee));
        if (refusal == Refusal.Exhausted) revert NothingLeft(channelId);
        if (refusal == Refusal.Unpayable) revert BadPayee(payee);
        revert BadSignature(refusal == Refusal.NotSigned ? _signerOf(channel) : channel.sequencer);
    }
}
