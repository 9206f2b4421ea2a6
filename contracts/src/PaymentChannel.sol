// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Channel, ChannelState, IPaymentChannel} from "./interfaces/IPaymentChannel.sol";
import {ITaskEscrow} from "./interfaces/ITaskEscrow.sol";
import {Authorization, PermitSignature, Terms} from "./interfaces/Terms.sol";
import {ChannelRules} from "./channel/ChannelRules.sol";
import {ChannelSlot, closed, closingTime, opened} from "./channel/ChannelSlot.sol";
import {Deposits} from "./Deposits.sol";
import {Payouts} from "./Payouts.sol";
import {Vouchers} from "./channel/Vouchers.sol";

/// @title Deposits that pay by vouchers.
/// @notice Immutable, one token, no owner. Every verb checks, writes, emits and only then moves tokens, which makes a
/// re-entrancy lock unnecessary.
contract PaymentChannel is ChannelRules, Vouchers, Deposits {
    address public immutable escrow;

    /// @dev Its token is the escrow's, so that a channel can fund tasks.
    constructor(address escrow_) Payouts(ITaskEscrow(escrow_).token()) {
        // slither-disable-next-line missing-zero-check - asked for its token above: an address without code answers nothing
        escrow = escrow_;
    }

    /// @inheritdoc IPaymentChannel
    function open(Channel calldata channel, uint96 amount, bytes calldata auth) external returns (bytes32 channelId) {
        return _openByAllowance(channel, amount, auth);
    }

    /// @inheritdoc IPaymentChannel
    function openWithPermit(
        Channel calldata channel,
        uint96 amount,
        PermitSignature calldata permit,
        bytes calldata auth
    ) external returns (bytes32 channelId) {
        _tryPermit(channel.payer, permit);
        return _openByAllowance(channel, amount, auth);
    }

    /// @inheritdoc IPaymentChannel
    /// @dev The token checks the payer's signature, whose nonce binds this channel.
    function openWithAuthorization(Channel calldata channel, uint96 amount, Authorization calldata authorization)
        external
        returns (bytes32 channelId)
    {
        channelId = _open(channel, amount);
        _pullAuthorized(channel.payer, amount, channelId, authorization);
    }

    /// @inheritdoc IPaymentChannel
    function topUp(Channel calldata channel, uint96 amount) external {
        _addDeposit(channel, amount);
        _pull(msg.sender, amount);
    }

    /// @inheritdoc IPaymentChannel
    function topUpWithAuthorization(
        Channel calldata channel,
        uint96 amount,
        bytes32 salt,
        Authorization calldata authorization
    ) external {
        bytes32 channelId = _addDeposit(channel, amount);
        _pullAuthorized(channel.payer, amount, keccak256(abi.encode(channelId, salt)), authorization);
    }

    /// @inheritdoc IPaymentChannel
    function startClose(Channel calldata channel, bytes calldata auth) external {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        _requireState(slot, ChannelState.Open);
        if (!_isSentBy(channel.payer, auth)) {
            _requireSigned(channel.payer, keccak256(abi.encode(START_CLOSE, channelId, _deadline(auth))), auth);
        }

        uint40 closesAt = closingTime(block.timestamp + channel.challengeSeconds);
        _channels[channelId] = slot.closing(closesAt);
        emit ChannelClosing(channelId, closesAt);
    }

    /// @inheritdoc IPaymentChannel
    function finishClose(Channel calldata channel) external {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        _requireState(slot, ChannelState.Closing);
        // slither-disable-next-line timestamp - windows last an hour or more, a block leans by seconds
        if (block.timestamp <= slot.closesAtOf()) revert TooEarly(block.timestamp, slot.closesAtOf());

        uint96 left = slot.leftOf();
        _channels[channelId] = closed(slot.settledOf());
        emit ChannelClosed(channelId, 0, left, false);
        _push(channelId, channel.payer, left);
    }

    /// @inheritdoc IPaymentChannel
    function closeTogether(
        Channel calldata channel,
        uint96 cumulative,
        bytes calldata payerAuth,
        bytes calldata counterAuth
    ) external {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        if (slot.stateOf() != ChannelState.Closing) _requireState(slot, ChannelState.Open);
        uint96 settled = slot.settledOf();
        bool sequenced = _hasSequencer(channel);
        if (sequenced) _requireWithin(cumulative, 0, settled);
        else _requireWithin(cumulative, settled, slot.depositOf());
        _requireCloser(channel.payer, channelId, cumulative, payerAuth);
        _requireCloser(_counterpartyOf(channel), channelId, cumulative, counterAuth);

        uint96 toPayee = sequenced ? 0 : cumulative - settled;
        uint96 toPayer = slot.leftOf() - toPayee;
        _channels[channelId] = closed(settled + toPayee);
        emit ChannelClosed(channelId, toPayee, toPayer, true);
        _push(channelId, channel.payee, toPayee);
        _push(channelId, channel.payer, toPayer);
    }

    /// @inheritdoc IPaymentChannel
    /// @dev The escrow takes exactly what it was allowed, from its caller: no allowance outlives this call.
    function fundTask(
        Channel calldata channel,
        Terms calldata task,
        uint96 minDeposit,
        bytes calldata payerAuth,
        bytes calldata counterAuth,
        bytes calldata fundAuth
    ) external returns (bytes32 taskId) {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        _requireState(slot, ChannelState.Open);
        if (task.buyer != channel.payer) revert NotParty(task.buyer, channel.payer);
        uint96 amount = task.budget;
        _requireWithin(amount, 1, slot.leftOf());
        uint96 deposit = slot.depositOf() - amount;
        _requireWithin(deposit, minDeposit, type(uint96).max);
        taskId = ITaskEscrow(escrow).taskIdOf(task);
        bytes memory fields = abi.encode(FUND_TASK, channelId, taskId, amount, minDeposit);
        _requireFunder(channel.payer, fields, payerAuth);
        _requireFunder(_counterpartyOf(channel), fields, counterAuth);

        _channels[channelId] = slot.withDeposit(deposit);
        emit ChannelFundedTask(channelId, taskId, amount, deposit);
        if (!IERC20(token).approve(escrow, amount)) revert TransferFailed();
        return ITaskEscrow(escrow).fundFor(task, fundAuth);
    }

    function _openByAllowance(Channel calldata channel, uint96 amount, bytes calldata auth)
        private
        returns (bytes32 channelId)
    {
        channelId = _open(channel, amount);
        if (!_isSentBy(channel.payer, auth)) {
            _requireSigned(channel.payer, keccak256(abi.encode(OPEN, channelId, amount, _deadline(auth))), auth);
        }
        _pull(channel.payer, amount);
    }

    function _open(Channel calldata channel, uint96 amount) private returns (bytes32 channelId) {
        ChannelSlot slot;
        (channelId, slot) = _load(channel);
        if (ChannelSlot.unwrap(slot) != 0) revert ChannelExists(channelId);
        if (amount == 0) revert AmountOutOfBounds(0, 1, type(uint96).max);
        _requireOpenable(channel);
        _channels[channelId] = opened(amount);
        _emitOpened(channelId, channel, amount);
    }

    /// @dev `emit ChannelOpened(channelId, channel, amount)` without reading the fields, just checked, once more.
    // slither-disable-next-line assembly - an event of checked calldata, copied and not decoded twice
    function _emitOpened(bytes32 channelId, Channel calldata channel, uint96 amount) private {
        bytes32 topic = ChannelOpened.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, channel, 0xc0)
            mstore(add(data, 0xc0), amount)
            log2(data, 0xe0, topic, channelId)
        }
    }

    function _addDeposit(Channel calldata channel, uint96 amount) private returns (bytes32 channelId) {
        ChannelSlot slot;
        (channelId, slot) = _load(channel);
        _requireState(slot, ChannelState.Open);
        _requireWithin(amount, 1, type(uint96).max - slot.depositOf());
        uint96 deposit = slot.depositOf() + amount;
        _channels[channelId] = slot.withDeposit(deposit);
        emit ChannelToppedUp(channelId, amount, deposit);
    }

    function _requireCloser(address party, bytes32 channelId, uint96 cumulative, bytes calldata auth) private view {
        if (_isSentBy(party, auth)) return;
        bytes32 intent = keccak256(abi.encode(CLOSE_TOGETHER, channelId, cumulative, _deadline(auth)));
        _requireSigned(party, intent, auth);
    }

    function _requireFunder(address party, bytes memory fields, bytes calldata auth) private view {
        if (_isSentBy(party, auth)) return;
        bytes32 intent = keccak256(bytes.concat(fields, bytes32(uint256(_deadline(auth)))));
        _requireSigned(party, intent, auth);
    }

    function _requireWithin(uint256 actual, uint256 min, uint256 max) private pure {
        if (actual < min || actual > max) revert AmountOutOfBounds(actual, min, max);
    }
}
