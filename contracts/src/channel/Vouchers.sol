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

    /// @inheritdoc IPaymentChannel
    function redeem(Channel calldata channel, address payee, uint96 cumulative, bytes calldata signatures)
        external
        returns (uint96 amount)
    {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        payee = _payeeOf(channel, payee);
        uint96 paid = _paidOf(channel, channelId, slot, payee);
        Refusal refusal = _judge(channel, channelId, slot, payee, cumulative, signatures, paid);
        if (refusal != Refusal.None) _revertWith(refusal, channel, channelId, slot, payee, cumulative, paid);

        amount = _settle(channel, channelId, slot, payee, cumulative, paid);
        _push(channelId, payee, amount);
    }

    /// @inheritdoc IPaymentChannel
    /// @dev All state is written before the first token call; what each payee gets is kept in memory meanwhile.
    function redeemBatch(Redemption[] calldata redemptions) external returns (uint256 amount) {
        if (redemptions.length > MAX_BATCH) revert BatchOutOfBounds(redemptions.length, MAX_BATCH);
        address[] memory payees = new address[](redemptions.length);
        uint96[] memory amounts = new uint96[](redemptions.length);
        uint256 last;
        for (uint256 i; i < redemptions.length; ++i) {
            (address payee, uint96 redeemed) = _redeemOrSkip(redemptions[i]);
            if (redeemed == 0) continue;
            if (payees[last] != payee) {
                if (amounts[last] != 0) ++last;
                payees[last] = payee;
            }
            amounts[last] += redeemed;
            amount += redeemed;
        }
        if (amount == 0) return 0;
        for (uint256 i; i <= last; ++i) {
            _push(0, payees[i], amounts[i]);
        }
    }

    function _redeemOrSkip(Redemption calldata item) private returns (address payee, uint96 amount) {
        Channel calldata channel = item.channel;
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        payee = _payeeOf(channel, item.payee);
        uint96 cumulative = item.cumulative;
        uint96 paid = _paidOf(channel, channelId, slot, payee);
        Refusal refusal = _judge(channel, channelId, slot, payee, cumulative, item.signatures, paid);
        if (refusal == Refusal.None) return (payee, _settle(channel, channelId, slot, payee, cumulative, paid));
        emit VoucherSkipped(channelId, payee, cumulative, refusal);
    }

    /// @dev A voucher above what is left pays what is left: the rest of it stays good for a top-up.
    function _settle(
        Channel calldata channel,
        bytes32 channelId,
        ChannelSlot slot,
        address payee,
        uint96 cumulative,
        uint96 paid
    ) private returns (uint96 amount) {
        amount = cumulative - paid;
        uint96 left = slot.leftOf();
        if (amount > left) amount = left;
        paid += amount;
        _channels[channelId] = slot.withSettled(slot.settledOf() + amount);
        if (_hasSequencer(channel)) _paid[channelId][payee] = paid;
        emit VoucherRedeemed(channelId, payee, amount, paid);
    }

    /// @dev What costs least is asked first.
    function _judge(
        Channel calldata channel,
        bytes32 channelId,
        ChannelSlot slot,
        address payee,
        uint96 cumulative,
        bytes calldata signatures,
        uint96 paid
    ) private view returns (Refusal) {
        ChannelState state = slot.stateOf();
        if (state != ChannelState.Open) {
            if (state != ChannelState.Closing) return Refusal.NotOpen;
            if (block.timestamp > slot.closesAtOf()) return Refusal.Late;
        }
        if (cumulative <= paid) return Refusal.Stale;
        if (slot.leftOf() == 0) return Refusal.Exhausted;
        bytes32 digest = voucherDigestOf(channelId, payee, cumulative);
        if (!_hasSequencer(channel)) {
            return Signature.isBy(_signerOf(channel), digest, signatures) ? Refusal.None : Refusal.NotSigned;
        }
        return _judgeSequenced(channel, payee, digest, signatures);
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
        if (!Signature.isBy(_signerOf(channel), digest, signatures[LENGTH_BYTES:end])) return Refusal.NotSigned;
        if (!Signature.isBy(channel.sequencer, digest, signatures[end:])) return Refusal.NotSequenced;
        return Refusal.None;
    }

    function _revertWith(
        Refusal refusal,
        Channel calldata channel,
        bytes32 channelId,
        ChannelSlot slot,
        address payee,
        uint96 cumulative,
        uint96 paid
    ) private view {
        if (refusal == Refusal.NotOpen) revert WrongState(slot.stateOf());
        if (refusal == Refusal.Late) revert TooLate(block.timestamp, slot.closesAtOf());
        if (refusal == Refusal.Stale) revert VoucherStale(cumulative, paid);
        if (refusal == Refusal.Exhausted) revert NothingLeft(channelId);
        if (refusal == Refusal.Unpayable) revert BadPayee(payee);
        revert BadSignature(refusal == Refusal.NotSigned ? _signerOf(channel) : channel.sequencer);
    }

    function _payeeOf(Channel calldata channel, address named) private pure returns (address) {
        return _hasSequencer(channel) ? named : channel.payee;
    }

    function _paidOf(Channel calldata channel, bytes32 channelId, ChannelSlot slot, address payee)
        private
        view
        returns (uint96)
    {
        return _hasSequencer(channel) ? _paid[channelId][payee] : slot.settledOf();
    }
}
