// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "../EscrowTest.sol";
import {Deployed} from "../Deployed.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";
import {Authorization, PermitSignature} from "../../src/interfaces/Terms.sol";

/// @title Channels, the people who use them, and the steps that lead to each state.
/// @notice The buyer pays, the agent is paid, the auctioneer is the sequencer.
abstract contract ChannelTest is EscrowTest {
    uint96 internal constant DEPOSIT = 100e6;
    uint32 internal constant CHALLENGE = 1 days;
    uint256 internal constant SIGNER_KEY = 0xf1;

    address internal immutable payer = buyer;
    address internal immutable sequencer = auctioneer;
    address internal immutable signer = vm.addr(SIGNER_KEY);

    IPaymentChannel internal channels;

    function setUp() public virtual override {
        super.setUp();
        _deployChannels();
        vm.prank(payer);
        usdc.approve(address(channels), type(uint256).max);
    }

    function _deployChannels() internal {
        channels = Deployed.paymentChannel(address(escrow));
    }

    // channels

    function _bilateral() internal view returns (Channel memory channel) {
        channel.payer = payer;
        channel.payee = payee;
        channel.challengeSeconds = CHALLENGE;
    }

    /// A payee who has a key.
    function _withAgent() internal view returns (Channel memory channel) {
        channel = _bilateral();
        channel.payee = agent;
    }

    /// Any payee whom payer and sequencer agree on.
    function _sequenced() internal view returns (Channel memory channel) {
        channel = _bilateral();
        channel.payee = address(0);
        channel.sequencer = sequencer;
    }

    // steps

    function _open(Channel memory channel) internal returns (bytes32) {
        return _openWith(channel, DEPOSIT);
    }

    function _openWith(Channel memory channel, uint96 amount) internal returns (bytes32) {
        vm.prank(channel.payer);
        return channels.open(channel, amount, "");
    }

    function _redeem(Channel memory channel, uint96 cumulative) internal returns (uint96) {
        return _redeemTo(channel, payee, cumulative);
    }

    function _redeemTo(Channel memory channel, address to, uint96 cumulative) internal returns (uint96) {
        Redemption memory voucher = _voucherTo(channel, to, cumulative);
        return channels.redeem(channel, voucher.payee, cumulative, voucher.signatures);
    }

    function _startClose(Channel memory channel) internal {
        vm.prank(channel.payer);
        channels.startClose(channel, "");
    }

    /// At the first second in which it may.
    function _close(Channel memory channel) internal {
        _startClose(channel);
        _skip(channel.challengeSeconds + 1);
        channels.finishClose(channel);
    }

    // signatures

    function _voucher(Channel memory channel, uint96 cumulative) internal view returns (Redemption memory) {
        return _voucherTo(channel, payee, cumulative);
    }

    /// The payee is named only where the contract reads him.
    function _voucherTo(Channel memory channel, address to, uint96 cumulative)
        internal
        view
        returns (Redemption memory)
    {
        bytes memory signature = _signVoucher(
            channel.signer == signer ? SIGNER_KEY : BUYER_KEY, channel, to, cumulative
        );
        if (channel.sequencer == address(0)) return Redemption(channel, address(0), cumulative, signature);
        bytes memory second = _signVoucher(AUCTIONEER_KEY, channel, to, cumulative);
        return Redemption(channel, to, cumulative, _both(signature, second));
    }

    function _signVoucher(uint256 key, Channel memory channel, address to, uint96 cumulative)
        internal
        view
        returns (bytes memory)
    {
        return _sign(key, channels.voucherDigestOf(channels.channelIdOf(channel), to, cumulative));
    }

    function _both(bytes memory signature, bytes memory second) internal pure returns (bytes memory) {
        return abi.encodePacked(uint16(signature.length), signature, second);
    }

    /// `fields` is the encoded intent, type hash first, deadline last.
    function _channelAuth(uint256 key, bytes memory fields) internal view returns (bytes memory) {
        bytes32 digest = _typedFor(channels.DOMAIN_SEPARATOR(), keccak256(fields));
        return abi.encodePacked(_deadlineOf(fields), _sign(key, digest));
    }

    function _openAuthorization(Channel memory channel, uint96 amount) internal view returns (Authorization memory) {
        return _authorizationOf(amount, channels.channelIdOf(channel));
    }

    function _topUpAuthorization(Channel memory channel, uint96 amount, bytes32 salt)
        internal
        view
        returns (Authorization memory)
    {
        return _authorizationOf(amount, keccak256(abi.encode(channels.channelIdOf(channel), salt)));
    }

    /// The payer's EIP-3009 signature.
    function _authorizationOf(uint96 amount, bytes32 nonce) internal view returns (Authorization memory) {
        uint256 validBefore = _now() + 1 hours;
        bytes32 intent = keccak256(
            abi.encode(
                usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                payer,
                address(channels),
                uint256(amount),
                uint256(0),
                validBefore,
                nonce
            )
        );
        return Authorization(0, validBefore, _sign(BUYER_KEY, _typedFor(usdc.DOMAIN_SEPARATOR(), intent)));
    }

    /// The payer's EIP-2612 permit for the channels' contract, or one that another key signed for him.
    function _permit(uint256 key, uint256 value) internal view returns (PermitSignature memory) {
        uint256 deadline = _now() + 1 hours;
        bytes32 intent = keccak256(
            abi.encode(usdc.PERMIT_TYPEHASH(), payer, address(channels), value, usdc.nonces(payer), deadline)
        );
        return PermitSignature(value, deadline, _sign(key, _typedFor(usdc.DOMAIN_SEPARATOR(), intent)));
    }

    function _typedFor(bytes32 separator, bytes32 intent) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", separator, intent));
    }

    // what is seen

    function _assertChannel(bytes32 channelId, ChannelState state, uint96 deposit, uint96 settled) internal view {
        (ChannelState actual, uint96 total, uint96 paid, uint40 closesAt) = channels.channelOf(channelId);
        vm.assertEq(uint256(actual), uint256(state));
        vm.assertEq(uint256(total), uint256(deposit));
        vm.assertEq(uint256(paid), uint256(settled));
        vm.assertTrue((closesAt != 0) == (state == ChannelState.Closing));
    }
}
