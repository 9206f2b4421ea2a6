// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";

contract ChannelRedeemTest is ChannelTest {
    function test_pays_what_the_voucher_is_above_the_last_one() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        vm.assertEq(_redeem(channel, 30e6), 30e6);
        Redemption memory voucher = _voucher(channel, 45e6);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.VoucherRedeemed(channelId, payee, 15e6, 45e6);
        vm.prank(stranger);
        channels.redeem(channel, address(0), 45e6, voucher.signatures);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 45e6);
        vm.assertEq(usdc.balanceOf(payee), 45e6);
        vm.assertEq(uint256(channels.paidTo(channel, payee)), 45e6);
        vm.assertEq(uint256(channels.paidTo(channel, stranger)), 0);
    }

    /// Whatever payee the carrier names, the channel's is paid.
    function test_one_payee_is_the_channels_whoever_is_named() public {
        Channel memory channel = _bilateral();
        _open(channel);
        channels.redeem(channel, stranger, 30e6, _voucher(channel, 30e6).signatures);
        vm.assertEq(usdc.balanceOf(payee), 30e6);
        vm.assertEq(usdc.balanceOf(stranger), 0);
    }

    function test_pays_what_is_left_to_an_excessive_voucher() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        vm.assertEq(_redeem(channel, type(uint96).max), DEPOSIT);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, DEPOSIT);
        _expectRefused(
            _voucher(channel, type(uint96).max), abi.encodeWithSelector(IPaymentChannel.NothingLeft.selector, channelId)
        );
    }

    function test_refuses_a_stale_voucher() public {
        Channel memory channel = _bilateral();
        _open(channel);
        _redeem(channel, 30e6);
        _expectRefused(
            _voucher(channel, 30e6), abi.encodeWithSelector(IPaymentChannel.VoucherStale.selector, 30e6, 30e6)
        );
        _expectRefused(
            _voucher(channel, 29e6), abi.encodeWithSelector(IPaymentChannel.VoucherStale.selector, 29e6, 30e6)
        );
    }

    /// INV-38
    function test_works_until_the_challenge_periods_last_second() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        _startClose(channel);
        uint256 closesAt = _now() + CHALLENGE;
        vm.warp(closesAt + 1);
        _expectRefused(
            _voucher(channel, 30e6), abi.encodeWithSelector(IPaymentChannel.TooLate.selector, closesAt + 1, closesAt)
        );
        vm.warp(closesAt);
        vm.assertEq(_redeem(channel, 30e6), 30e6);
        _assertChannel(channelId, ChannelState.Closing, DEPOSIT, 30e6);
    }

    function test_refuses_where_nothing_was_opened_or_all_is_over() public {
        Channel memory channel = _bilateral();
        _expectRefused(
            _voucher(channel, 1), abi.encodeWithSelector(IPaymentChannel.WrongState.selector, ChannelState.None)
        );
        _open(channel);
        _close(channel);
        _expectRefused(
            _voucher(channel, 1), abi.encodeWithSelector(IPaymentChannel.WrongState.selector, ChannelState.Closed)
        );
    }

    function test_refuses_anybodys_signature_but_the_payers() public {
        Channel memory channel = _bilateral();
        _open(channel);
        Redemption memory voucher = _voucher(channel, 30e6);
        voucher.signatures = _signVoucher(STRANGER_KEY, channel, payee, 30e6);
        _expectBadSignature(voucher, payer);
        voucher.signatures = "";
        _expectBadSignature(voucher, payer);
    }

    function test_a_delegated_signer_signs_in_the_payers_place() public {
        Channel memory channel = _bilateral();
        channel.signer = signer;
        _open(channel);
        vm.assertEq(_redeem(channel, 30e6), 30e6);
        Redemption memory voucher = _voucher(channel, 40e6);
        voucher.signatures = _signVoucher(BUYER_KEY, channel, payee, 40e6);
        _expectBadSignature(voucher, signer);
    }

    function test_refuses_a_voucher_of_another_sum_payee_or_channel() public {
        Channel memory channel = _bilateral();
        Channel memory other = _bilateral();
        other.salt = keccak256("other");
        _open(channel);
        _open(other);
        Redemption memory voucher = _voucher(channel, 30e6);
        voucher.signatures = _signVoucher(BUYER_KEY, channel, payee, 29e6);
        _expectBadSignature(voucher, payer);
        voucher.signatures = _signVoucher(BUYER_KEY, channel, stranger, 30e6);
        _expectBadSignature(voucher, payer);
        voucher.signatures = _signVoucher(BUYER_KEY, other, payee, 30e6);
        _expectBadSignature(voucher, payer);
    }

    // many payees

    function test_pays_many_payees_out_of_one_deposit() public {
        Channel memory channel = _sequenced();
        bytes32 channelId = _open(channel);
        vm.assertEq(_redeemTo(channel, payee, 30e6), 30e6);
        vm.assertEq(_redeemTo(channel, agent, 50e6), 50e6);
        Redemption memory voucher = _voucherTo(channel, payee, 40e6);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.VoucherRedeemed(channelId, payee, 10e6, 40e6);
        channels.redeem(channel, payee, 40e6, voucher.signatures);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, 90e6);
        vm.assertEq(uint256(channels.paidTo(channel, payee)), 40e6);
        vm.assertEq(uint256(channels.paidTo(channel, agent)), 50e6);
        vm.assertEq(usdc.balanceOf(payee), 40e6);
        vm.assertEq(usdc.balanceOf(agent), 50e6);
    }

    function test_many_payees_need_both_signatures() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption memory voucher = _voucherTo(channel, payee, 30e6);
        bytes memory byPayer = _signVoucher(BUYER_KEY, channel, payee, 30e6);
        bytes memory bySequencer = _signVoucher(AUCTIONEER_KEY, channel, payee, 30e6);
        voucher.signatures = _both(byPayer, byPayer);
        _expectBadSignature(voucher, sequencer);
        voucher.signatures = _both(bySequencer, bySequencer);
        _expectBadSignature(voucher, payer);
        voucher.signatures = _both(byPayer, "");
        _expectBadSignature(voucher, sequencer);
        voucher.signatures = byPayer;
        _expectBadSignature(voucher, payer);
        voucher.signatures = _both(byPayer, bySequencer);
        channels.redeem(channel, payee, 30e6, voucher.signatures);
        vm.assertEq(usdc.balanceOf(payee), 30e6);
    }

    /// INV-39: the sequencer may refuse, but neither he nor a carrier turns a voucher to somebody else.
    function test_refuses_another_payee_than_the_signed_one() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption memory voucher = _voucherTo(channel, payee, 30e6);
        voucher.payee = stranger;
        _expectBadSignature(voucher, payer);
        voucher.signatures =
            _both(_signVoucher(BUYER_KEY, channel, payee, 30e6), _signVoucher(AUCTIONEER_KEY, channel, stranger, 30e6));
        _expectBadSignature(voucher, payer);
    }

    function test_refuses_signatures_that_end_too_soon() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption memory voucher = _voucherTo(channel, payee, 30e6);
        bytes[4] memory cut = [bytes(""), hex"00", hex"0041", abi.encodePacked(type(uint16).max, voucher.signatures)];
        for (uint256 i; i < cut.length; ++i) {
            voucher.signatures = cut[i];
            _expectBadSignature(voucher, payer);
        }
    }

    function test_refuses_a_payee_who_cannot_be_paid() public {
        Channel memory channel = _sequenced();
        _open(channel);
        address[3] memory nobodies = [address(0), address(channels), address(usdc)];
        for (uint256 i; i < nobodies.length; ++i) {
            _expectRefused(
                _voucherTo(channel, nobodies[i], 1), abi.encodeWithSelector(IPayouts.BadPayee.selector, nobodies[i])
            );
        }
    }

    /// INV-31: a sequencer who signed for more than there is does not touch anybody else's deposit.
    function test_a_sequencer_who_over_commits_pays_the_first_ones() public {
        Channel memory channel = _sequenced();
        Channel memory other = _sequenced();
        other.salt = keccak256("other");
        bytes32 channelId = _open(channel);
        _open(other);
        vm.assertEq(_redeemTo(channel, payee, 80e6), 80e6);
        vm.assertEq(_redeemTo(channel, agent, 80e6), 20e6);
        _expectRefused(
            _voucherTo(channel, stranger, 80e6), abi.encodeWithSelector(IPaymentChannel.NothingLeft.selector, channelId)
        );
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT);
        vm.assertEq(_redeemTo(other, stranger, 80e6), 80e6);
    }

    // payment

    function test_a_blacklisted_payee_is_owed() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        usdc.blacklist(payee);
        bytes memory signatures = _voucher(channel, 30e6).signatures;
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.PaymentOwed(channelId, payee, 30e6);
        channels.redeem(channel, address(0), 30e6, signatures);
        vm.assertEq(channels.owed(payee), 30e6);
        vm.assertEq(channels.totalOwed(), 30e6);
        usdc.unBlacklist(payee);
        channels.withdraw(payee);
        vm.assertEq(usdc.balanceOf(payee), 30e6);
        vm.assertEq(channels.totalOwed(), 0);
    }

    /// INV-31, INV-33: in every order, a payee has the highest voucher or the deposit.
    function testFuzz_pays_the_highest_voucher_once(uint96[6] memory sums, uint96 deposit) public {
        Channel memory channel = _bilateral();
        deposit = uint96(deposit % 1_000_000e6) + 1;
        _openWith(channel, deposit);
        uint256 highest;
        for (uint256 i; i < sums.length; ++i) {
            if (sums[i] > highest) highest = sums[i];
            Redemption memory voucher = _voucher(channel, sums[i]);
            try channels.redeem(channel, address(0), sums[i], voucher.signatures) {} catch {}
            vm.assertEq(usdc.balanceOf(payee), highest < deposit ? highest : deposit);
        }
    }

    function _expectBadSignature(Redemption memory voucher, address of_) private {
        _expectRefused(voucher, abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, of_));
    }

    function _expectRefused(Redemption memory voucher, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        channels.redeem(voucher.channel, voucher.payee, voucher.cumulative, voucher.signatures);
    }
}
