// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Channel, ChannelState, IPaymentChannel} from "../interfaces/IPaymentChannel.sol";
import {Payouts} from "../Payouts.sol";
import {ChannelSlot} from "./ChannelSlot.sol";

/// @title What is stored of each channel: one word, and one more for each payee where there are many.
abstract contract ChannelLedger is IPaymentChannel, Payouts {
    uint256 public immutable deploymentChainId;

    mapping(bytes32 channelId => ChannelSlot) internal _channels;
    mapping(bytes32 channelId => mapping(address payee => uint96)) internal _paid;

    constructor() {
        deploymentChainId = block.chainid;
    }

    /// @inheritdoc IPaymentChannel
    /// @dev The deployment's chain id, not the present one: a fork strands no channel. Copied without reading the
    /// fields: opening checks them all, and an id that was not opened has no money.
    // slither-disable-next-line assembly - the fields are hashed as they lie in calldata
    function channelIdOf(Channel calldata channel) public view returns (bytes32 channelId) {
        uint256 chainId = deploymentChainId;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, chainId)
            mstore(add(start, 0x20), address())
            calldatacopy(add(start, 0x40), channel, 0xc0)
            channelId := keccak256(start, 0x100)
        }
    }

    /// @inheritdoc IPaymentChannel
    function channelOf(bytes32 channelId)
        external
        view
        returns (ChannelState state, uint96 deposit, uint96 settled, uint40 closesAt)
    {
        ChannelSlot slot = _channels[channelId];
        return (slot.stateOf(), slot.depositOf(), slot.settledOf(), slot.closesAtOf());
    }

    /// @inheritdoc IPaymentChannel
    function paidTo(Channel calldata channel, address payee) public view returns (uint96) {
        (bytes32 channelId, ChannelSlot slot) = _load(channel);
        if (_hasSequencer(channel)) return _paid[channelId][payee];
        return payee == channel.payee ? slot.settledOf() : 0;
    }

    function _load(Channel calldata channel) internal view returns (bytes32 channelId, ChannelSlot slot) {
        channelId = channelIdOf(channel);
        slot = _channels[channelId];
    }

    function _hasSequencer(Channel calldata channel) internal pure returns (bool) {
        return channel.sequencer != address(0);
    }

    /// @dev Who speaks for the payees.
    function _counterpartyOf(Channel calldata channel) internal pure returns (address) {
        return _hasSequencer(channel) ? channel.sequencer : channel.payee;
    }

    function _requireState(ChannelSlot slot, ChannelState required) internal pure {
        if (slot.stateOf() != required) revert WrongState(slot.stateOf());
    }

    function _announceOwed(bytes32 channelId, address owner, uint96 amount) internal override {
        emit PaymentOwed(channelId, owner, amount);
    }
}
