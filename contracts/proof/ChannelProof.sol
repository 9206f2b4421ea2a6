// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {Channel, ChannelState, Redemption} from "../src/interfaces/IPaymentChannel.sol";
import {Authorization, Terms} from "../src/interfaces/Terms.sol";
import {PaymentChannel} from "../src/PaymentChannel.sol";
import {ChannelSlot} from "../src/channel/ChannelSlot.sol";
import {ProofToken} from "./ProofToken.sol";

/// @title The channels as they are, and a way to put any word where a channel's word is.
contract ChannelHarness is PaymentChannel {
    constructor(address escrow) PaymentChannel(escrow) {}

    function place(bytes32 channelId, ChannelSlot word) external {
        _channels[channelId] = word;
    }

    function placePaid(bytes32 channelId, address payee, uint96 paid) external {
        _paid[channelId][payee] = paid;
    }

    function wordOf(bytes32 channelId) external view returns (ChannelSlot) {
        return _channels[channelId];
    }
}

/// @title An escrow that takes what it may. Which task it is for is not what is proven here.
contract ProofEscrow {
    address public immutable token;

    constructor(address token_) {
        token = token_;
    }

    function taskIdOf(Terms calldata terms) external pure returns (bytes32) {
        return terms.salt;
    }

    function fundFor(Terms calldata terms, bytes calldata) external pure returns (bytes32) {
        return terms.salt;
    }
}

/// @title A channel never pays more than its deposit, and no verb makes or loses a unit: for all channels, stored words
/// that keep `settled <= deposit`, amounts, times and senders, whether the token pays or not.
/// @notice Where two parties must agree, the sender is both. Each verb is proven to leave what it needs.
contract ChannelProof {
    ChannelHarness private channels;
    ProofToken private token;

    struct World {
        Channel channel;
        ChannelSlot slot;
        bytes32 otherId;
        ChannelSlot other;
        uint40 time;
        address sender;
        bool pays;
    }

    function setUp() public {
        token = new ProofToken();
        channels = new ChannelHarness(address(new ProofEscrow(address(token))));
    }

    function check_open(World calldata world, uint96 amount) external {
        bytes32 channelId = _enter(world);
        channels.open(world.channel, amount, "");
        _leave(world, channelId);
        assert(ChannelSlot.unwrap(world.slot) == 0 && token.received() == amount);
    }

    function check_openWithAuthorization(World calldata world, uint96 amount) external {
        bytes32 channelId = _enter(world);
        channels.openWithAuthorization(world.channel, amount, Authorization(0, 0, ""));
        _leave(world, channelId);
        assert(ChannelSlot.unwrap(world.slot) == 0 && token.received() == amount);
    }

    function check_topUp(World calldata world, uint96 amount) external {
        bytes32 channelId = _enter(world);
        channels.topUp(world.channel, amount);
        _leave(world, channelId);
        assert(world.slot.stateOf() == ChannelState.Open && token.received() == amount);
    }

    /// Before the last seconds of uint40, in the year 36812.
    function check_startClose(World calldata world) external {
        vm.assume(uint256(world.time) + world.channel.challengeSeconds <= type(uint40).max);
        bytes32 channelId = _enter(world);
        channels.startClose(world.channel, "");
        _leave(world, channelId);
        assert(channels.wordOf(channelId).closesAtOf() == world.time + uint256(world.channel.challengeSeconds));
    }

    function check_finishClose(World calldata world) external {
        bytes32 channelId = _enter(world);
        channels.finishClose(world.channel);
        _leave(world, channelId);
        assert(world.time > world.slot.closesAtOf() && _left(channels.wordOf(channelId)) == 0);
    }

    function check_closeTogether(World calldata world, uint96 cumulative) external {
        bytes32 channelId = _enter(world);
        channels.closeTogether(world.channel, cumulative, "", "");
        _leave(world, channelId);
        assert(_left(channels.wordOf(channelId)) == 0);
    }

    function check_fundTask(World calldata world, Terms calldata terms, uint96 minDeposit) external {
        bytes32 channelId = _enter(world);
        channels.fundTask(world.channel, terms, minDeposit, "", "", "");
        _leave(world, channelId);
        assert(token.approved() == terms.budget && channels.wordOf(channelId).depositOf() >= minDeposit);
    }

    function check_redeem(World calldata world, uint96 cumulative, bytes32 r, bytes32 s) external {
        vm.assume(world.channel.sequencer == address(0));
        bytes32 channelId = _enter(world);
        uint96 paid = channels.redeem(world.channel, address(0), cumulative, abi.encodePacked(r, s, uint8(27)));
        _leave(world, channelId);
        _assertRedeemed(world, channelId, paid, cumulative - world.slot.settledOf());
    }

    /// Two vouchers of one open channel, in any order and of any amounts: what is stale or not covered is passed over.
    function check_redeemBatch(World calldata world, uint96 one, uint96 two, bytes32 r, bytes32 s) external {
        vm.assume(world.channel.sequencer == address(0) && world.channel.payee != address(0));
        vm.assume(world.slot.stateOf() == ChannelState.Open && world.pays);
        bytes32 channelId = _enter(world);
        bytes memory signature = abi.encodePacked(r, s, uint8(27));
        Redemption[] memory both = new Redemption[](2);
        both[0] = Redemption(world.channel, address(0), one, signature);
        both[1] = Redemption(world.channel, address(0), two, signature);
        channels.redeemBatch(both);
        _leave(world, channelId);
        uint256 settled = channels.wordOf(channelId).settledOf();
        assert(settled == uint256(world.slot.settledOf()) + token.sent());
        assert(token.sent() == 0 || settled <= (one > two ? one : two));
    }

    function check_redeem_of_one_of_many_payees(
        World calldata world,
        address payee,
        uint96 before,
        uint96 cumulative,
        bytes32 r,
        bytes32 s
    ) external {
        vm.assume(world.channel.sequencer != address(0) && before <= world.slot.settledOf());
        channels.placePaid(channels.channelIdOf(world.channel), payee, before);
        bytes32 channelId = _enter(world);
        bytes memory signature = abi.encodePacked(r, s, uint8(27));
        bytes memory both = abi.encodePacked(uint16(65), signature, signature);
        uint96 paid = channels.redeem(world.channel, payee, cumulative, both);
        _leave(world, channelId);
        _assertRedeemed(world, channelId, paid, cumulative - before);
        assert(channels.paidTo(world.channel, payee) == before + paid);
        assert(channels.paidTo(world.channel, payee) <= channels.wordOf(channelId).settledOf());
    }

    function _enter(World calldata world) private returns (bytes32 channelId) {
        channelId = channels.channelIdOf(world.channel);
        vm.assume(world.otherId != channelId);
        vm.assume(world.slot.settledOf() <= world.slot.depositOf());
        vm.assume(world.slot.stateOf() != ChannelState.None || ChannelSlot.unwrap(world.slot) == 0);
        vm.assume(world.slot.stateOf() != ChannelState.Closed || world.slot.settledOf() == world.slot.depositOf());
        token.choose(world.pays);
        channels.place(channelId, world.slot);
        channels.place(world.otherId, world.other);
        vm.warp(world.time);
        vm.prank(world.sender);
    }

    function _leave(World calldata world, bytes32 channelId) private view {
        ChannelSlot next = channels.wordOf(channelId);
        assert(next.settledOf() <= next.depositOf());
        assert(next.stateOf() >= world.slot.stateOf() && next.stateOf() != ChannelState.None);
        assert(world.slot.stateOf() != ChannelState.Closed);
        uint256 gone = token.sent() + channels.totalOwed() + token.approved();
        assert(_left(world.slot) + token.received() == _left(next) + gone);
        assert(ChannelSlot.unwrap(channels.wordOf(world.otherId)) == ChannelSlot.unwrap(world.other));
    }

    /// What was asked for, or what was left where that is less; never after the challenge period.
    function _assertRedeemed(World calldata world, bytes32 channelId, uint96 paid, uint256 asked) private view {
        uint256 left = _left(world.slot);
        assert(paid != 0 && paid == (asked < left ? asked : left));
        assert(channels.wordOf(channelId).settledOf() == uint256(world.slot.settledOf()) + paid);
        assert(world.slot.stateOf() == ChannelState.Open || world.time <= world.slot.closesAtOf());
    }

    function _left(ChannelSlot slot) private pure returns (uint256) {
        return uint256(slot.depositOf()) - slot.settledOf();
    }
}
