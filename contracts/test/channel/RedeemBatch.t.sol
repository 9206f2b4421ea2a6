// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {Vm, vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption, Refusal} from "../../src/interfaces/IPaymentChannel.sol";
import {EndlessWallet} from "../../mocks/Wallets.sol";

contract ChannelRedeemBatchTest is ChannelTest {
    bytes32 private constant TRANSFER = keccak256("Transfer(address,address,uint256)");

    function test_pays_each_payee_once() public {
        Redemption[] memory redemptions = new Redemption[](5);
        for (uint256 i; i < 5; ++i) {
            Channel memory channel = i < 3 ? _bilateral() : _sequenced();
            channel.salt = bytes32(i);
            _open(channel);
            redemptions[i] = _voucherTo(channel, i < 3 ? payee : agent, uint96(10e6 + i));
        }
        vm.recordLogs();
        vm.prank(stranger);
        channels.redeemBatch(redemptions);
        (uint256 transfers, uint256 redeemed) = (0, 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == TRANSFER) ++transfers;
            if (logs[i].topics[0] == IPaymentChannel.VoucherRedeemed.selector) ++redeemed;
        }
        vm.assertEq(transfers, 2);
        vm.assertEq(redeemed, 5);
        vm.assertEq(usdc.balanceOf(payee), 30e6 + 3);
        vm.assertEq(usdc.balanceOf(agent), 20e6 + 7);
        for (uint256 i; i < 5; ++i) {
            bytes32 channelId = channels.channelIdOf(redemptions[i].channel);
            _assertChannel(channelId, ChannelState.Open, DEPOSIT, uint96(10e6 + i));
        }
    }

    /// A payee whose items stand apart is paid as often, and no less.
    function test_pays_items_that_stand_apart() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption[] memory redemptions = new Redemption[](3);
        redemptions[0] = _voucherTo(channel, payee, 10e6);
        redemptions[1] = _voucherTo(channel, agent, 20e6);
        redemptions[2] = _voucherTo(channel, payee, 15e6);
        channels.redeemBatch(redemptions);
        vm.assertEq(usdc.balanceOf(payee), 15e6);
        vm.assertEq(usdc.balanceOf(agent), 20e6);
    }

    /// The same voucher twice, and an earlier one after a later one, are stale by then.
    function test_a_voucher_pays_once_within_one_batch() public {
        Channel memory channel = _bilateral();
        _open(channel);
        Redemption[] memory redemptions = new Redemption[](3);
        redemptions[0] = _voucher(channel, 30e6);
        redemptions[1] = _voucher(channel, 30e6);
        redemptions[2] = _voucher(channel, 20e6);
        _expectSkipped(redemptions[1], Refusal.Stale);
        _expectSkipped(redemptions[2], Refusal.Stale);
        channels.redeemBatch(redemptions);
        vm.assertEq(usdc.balanceOf(payee), 30e6);
    }

    function test_skips_a_stale_voucher() public {
        Channel memory channel = _bilateral();
        _open(channel);
        _redeem(channel, 30e6);
        _expectOthersPaid(_voucher(channel, 30e6), Refusal.Stale);
    }

    function test_skips_where_nothing_is_left() public {
        Channel memory channel = _bilateral();
        _open(channel);
        _redeem(channel, DEPOSIT);
        _expectOthersPaid(_voucher(channel, DEPOSIT + 1), Refusal.Exhausted);
    }

    function test_skips_a_closed_channel_and_one_that_never_was() public {
        Channel memory channel = _bilateral();
        _expectOthersPaid(_voucher(channel, 1), Refusal.NotOpen);
        _open(channel);
        _close(channel);
        _expectOthersPaid(_voucher(channel, 1), Refusal.NotOpen);
    }

    function test_skips_a_late_voucher() public {
        Channel memory channel = _bilateral();
        _open(channel);
        _startClose(channel);
        _skip(CHALLENGE + 1);
        _expectOthersPaid(_voucher(channel, 1), Refusal.Late);
    }

    function test_skips_bad_signatures() public {
        Channel memory channel = _bilateral();
        _open(channel);
        Redemption memory voucher = _voucher(channel, 1);
        voucher.signatures = _signVoucher(STRANGER_KEY, channel, payee, 1);
        _expectOthersPaid(voucher, Refusal.NotSigned);
    }

    function test_skips_what_the_sequencer_did_not_sign() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption memory voucher = _voucher(channel, 1);
        bytes memory signature = _signVoucher(BUYER_KEY, channel, payee, 1);
        voucher.signatures = _both(signature, signature);
        _expectOthersPaid(voucher, Refusal.NotSequenced);
        voucher.signatures = hex"41";
        _expectOthersPaid(voucher, Refusal.NotSigned);
    }

    function test_skips_a_payee_who_cannot_be_paid() public {
        Channel memory channel = _sequenced();
        _open(channel);
        _expectOthersPaid(_voucherTo(channel, address(0), 1), Refusal.Unpayable);
    }

    /// A contract that never answers costs its capped share of gas, not the batch.
    function test_skips_a_signer_who_never_answers() public {
        Channel memory channel = _bilateral();
        channel.signer = address(new EndlessWallet());
        _open(channel);
        Redemption memory voucher = _voucher(channel, 1);
        voucher.signatures = hex"01";
        _expectOthersPaid(voucher, Refusal.NotSigned);
    }

    function test_a_blacklisted_payee_is_owed_and_stops_nobody() public {
        Channel memory channel = _sequenced();
        _open(channel);
        usdc.blacklist(payee);
        Redemption[] memory redemptions = new Redemption[](2);
        redemptions[0] = _voucherTo(channel, payee, 10e6);
        redemptions[1] = _voucherTo(channel, agent, 20e6);
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.PaymentOwed(0, payee, 10e6);
        channels.redeemBatch(redemptions);
        vm.assertEq(channels.owed(payee), 10e6);
        vm.assertEq(usdc.balanceOf(agent), 20e6);
    }

    function test_takes_64_and_no_more() public {
        Channel memory channel = _sequenced();
        _open(channel);
        Redemption[] memory redemptions = new Redemption[](64);
        for (uint256 i; i < 64; ++i) {
            redemptions[i] = _voucherTo(channel, i % 2 == 0 ? payee : agent, uint96(i + 1));
        }
        uint256 snapshot = vm.snapshotState();
        channels.redeemBatch(redemptions);
        vm.assertEq(usdc.balanceOf(payee), 63);
        vm.assertEq(usdc.balanceOf(agent), 64);
        vm.revertToState(snapshot);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BatchOutOfBounds.selector, 65, 64));
        channels.redeemBatch(new Redemption[](65));
    }

    function test_of_nothing_pays_nothing() public {
        _open(_bilateral());
        channels.redeemBatch(new Redemption[](0));
        vm.assertEq(usdc.balanceOf(address(channels)), DEPOSIT);
    }

    /// INV-31: a batch is as good as its vouchers one by one.
    function testFuzz_pays_as_single_redemptions_would(uint96[8] memory sums, uint8 payees, uint96 deposit) public {
        Channel memory channel = _sequenced();
        deposit = uint96(deposit % 1_000e6) + 1;
        _openWith(channel, deposit);
        Redemption[] memory redemptions = new Redemption[](8);
        for (uint256 i; i < 8; ++i) {
            address to = payees >> i & 1 == 0 ? payee : agent;
            redemptions[i] = _voucherTo(channel, to, uint96(sums[i] % (2 * uint256(deposit))));
        }
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < 8; ++i) {
            Redemption memory voucher = redemptions[i];
            try channels.redeem(channel, voucher.payee, voucher.cumulative, voucher.signatures) {} catch {}
        }
        (uint256 toPayee, uint256 toAgent) = (usdc.balanceOf(payee), usdc.balanceOf(agent));
        vm.revertToState(snapshot);
        channels.redeemBatch(redemptions);
        vm.assertEq(usdc.balanceOf(payee), toPayee);
        vm.assertEq(usdc.balanceOf(agent), toAgent);
        vm.assertEq(usdc.balanceOf(address(channels)) + toPayee + toAgent, deposit);
    }

    /// A good voucher before and after the bad one.
    function _expectOthersPaid(Redemption memory bad, Refusal reason) private {
        Redemption[] memory redemptions = new Redemption[](3);
        Channel memory good = _bilateral();
        good.salt = keccak256(abi.encode(reason, bad.signatures, _now()));
        _open(good);
        redemptions[0] = _voucher(good, 10e6);
        redemptions[1] = bad;
        redemptions[2] = _voucher(good, 15e6);
        uint256 before = usdc.balanceOf(payee);
        _expectSkipped(bad, reason);
        channels.redeemBatch(redemptions);
        vm.assertEq(usdc.balanceOf(payee), before + 15e6);
    }

    function _expectSkipped(Redemption memory voucher, Refusal reason) private {
        bytes32 channelId = channels.channelIdOf(voucher.channel);
        address to = voucher.channel.sequencer == address(0) ? voucher.channel.payee : voucher.payee;
        vm.expectEmit(true, true, true, true, address(channels));
        emit IPaymentChannel.VoucherSkipped(channelId, to, voucher.cumulative, reason);
    }
}
