// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel} from "../../src/interfaces/IPaymentChannel.sol";
import {Authorization} from "../../src/interfaces/Terms.sol";

contract ChannelTopUpTest is ChannelTest {
    function test_adds_to_the_deposit() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.ChannelToppedUp(channelId, 20e6, DEPOSIT + 20e6);
        vm.prank(payer);
        channels.topUp(channel, 20e6);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT + 20e6, 0);
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT + 20e6);
    }

    /// The sender pays, and what is left is the payer's.
    function test_anyone_may_give() public {
        Channel memory channel = _bilateral();
        _open(channel);
        usdc.mint(stranger, 20e6);
        vm.startPrank(stranger);
        usdc.approve(address(channels), 20e6);
        channels.topUp(channel, 20e6);
        vm.stopPrank();
        _close(channel);
        vm.assertEq(usdc.balanceOf(stranger), 0);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 + 20e6);
    }

    /// A voucher above what was left is good for what comes later.
    function test_makes_a_cut_voucher_whole() public {
        Channel memory channel = _bilateral();
        _open(channel);
        vm.assertEq(_redeem(channel, DEPOSIT + 10e6), DEPOSIT);
        vm.prank(payer);
        channels.topUp(channel, 20e6);
        vm.assertEq(_redeem(channel, DEPOSIT + 10e6), 10e6);
        vm.assertEq(usdc.balanceOf(payee), DEPOSIT + 10e6);
    }

    function test_by_authorization_once_for_each_salt() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        Authorization memory authorization = _topUpAuthorization(channel, 20e6, "first");
        vm.prank(stranger);
        channels.topUpWithAuthorization(channel, 20e6, "first", authorization);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT + 20e6, 0);
        vm.expectRevert("FiatTokenV2: authorization is used or canceled");
        channels.topUpWithAuthorization(channel, 20e6, "first", authorization);
        channels.topUpWithAuthorization(channel, 20e6, "second", _topUpAuthorization(channel, 20e6, "second"));
        _assertChannel(channelId, ChannelState.Open, DEPOSIT + 40e6, 0);
    }

    /// Else somebody could spoil every signed top-up by a unit of his own.
    function test_a_gift_makes_no_signed_top_up_stale() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        Authorization memory authorization = _topUpAuthorization(channel, 20e6, "salt");
        vm.prank(payer);
        channels.topUp(channel, 1);
        channels.topUpWithAuthorization(channel, 20e6, "salt", authorization);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT + 20e6 + 1, 0);
    }

    /// The two kinds of nonce never meet: neither signature does the other's work.
    function test_an_authorization_opens_or_tops_up_never_both() public {
        Channel memory channel = _bilateral();
        Authorization memory opening = _openAuthorization(channel, DEPOSIT);
        channels.openWithAuthorization(channel, DEPOSIT, opening);
        bytes32 channelId = channels.channelIdOf(channel);
        bytes32[3] memory salts = [bytes32(0), channelId, bytes32(uint256(DEPOSIT))];
        for (uint256 i; i < salts.length; ++i) {
            vm.expectRevert("FiatTokenV2: invalid signature");
            channels.topUpWithAuthorization(channel, DEPOSIT, salts[i], opening);
        }
        Channel memory other = _bilateral();
        other.salt = keccak256(abi.encode(channelId, bytes32("salt")));
        Authorization memory toppingUp = _topUpAuthorization(channel, DEPOSIT, "salt");
        vm.expectRevert("FiatTokenV2: invalid signature");
        channels.openWithAuthorization(other, DEPOSIT, toppingUp);
    }

    function test_refuses_an_authorization_for_another_channel() public {
        Channel memory channel = _bilateral();
        Channel memory other = _bilateral();
        other.payee = stranger;
        _open(channel);
        _open(other);
        Authorization memory authorization = _topUpAuthorization(channel, 20e6, "salt");
        vm.expectRevert("FiatTokenV2: invalid signature");
        channels.topUpWithAuthorization(other, 20e6, "salt", authorization);
    }

    function test_refuses_unless_the_channel_is_open() public {
        Channel memory channel = _bilateral();
        _expectRefused(channel, ChannelState.None);
        _open(channel);
        _startClose(channel);
        _expectRefused(channel, ChannelState.Closing);
        _skip(CHALLENGE + 1);
        channels.finishClose(channel);
        _expectRefused(channel, ChannelState.Closed);
    }

    function test_refuses_nothing_and_more_than_a_word_holds() public {
        Channel memory channel = _bilateral();
        _open(channel);
        uint96 most = type(uint96).max - DEPOSIT;
        _expectOutOfBounds(channel, 0, most);
        _expectOutOfBounds(channel, most + 1, most);
    }

    function _expectOutOfBounds(Channel memory channel, uint96 amount, uint96 most) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.AmountOutOfBounds.selector, amount, 1, most));
        vm.prank(payer);
        channels.topUp(channel, amount);
    }

    function _expectRefused(Channel memory channel, ChannelState state) private {
        Authorization memory authorization = _topUpAuthorization(channel, 1, "salt");
        bytes memory reason = abi.encodeWithSelector(IPaymentChannel.WrongState.selector, state);
        vm.expectRevert(reason);
        vm.prank(payer);
        channels.topUp(channel, 1);
        vm.expectRevert(reason);
        channels.topUpWithAuthorization(channel, 1, "salt", authorization);
    }
}
