// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";
import {EndlessWallet, HugeWallet, ShortWallet, Wallet} from "../../mocks/Wallets.sol";

/// What counts as a signature of a voucher, and where it does not count.
contract ChannelSignatureTest is ChannelTest {
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    bytes32 private constant START_CLOSE = keccak256("StartClose(bytes32 channelId,uint40 deadline)");

    function test_the_digest_is_eip712s() public view {
        bytes32 channelId = keccak256("channel");
        bytes32 voucher = keccak256("Voucher(bytes32 channelId,address payee,uint96 cumulative)");
        bytes32 domain = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Guildhall PaymentChannel");
        bytes32 separator = keccak256(abi.encode(domain, name, keccak256("1"), block.chainid, channels));
        bytes32 fields = keccak256(abi.encode(voucher, channelId, payee, uint96(7)));
        vm.assertEq(channels.DOMAIN_SEPARATOR(), separator);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, fields));
        vm.assertEq(channels.voucherDigestOf(channelId, payee, 7), digest);
    }

    function test_refuses_a_voucher_for_another_contract() public {
        Channel memory channel = _bilateral();
        _open(channel);
        IPaymentChannel here = channels;
        _deployChannels();
        bytes32 id = here.channelIdOf(channel);
        bytes memory signature = _sign(BUYER_KEY, channels.voucherDigestOf(id, payee, 30e6));
        channels = here;
        _expectBadSignature(channel, signature, payer);
    }

    /// INV-36: on a fork the exits work, and vouchers of the other chain do not.
    function test_on_a_fork_exits_work_and_old_vouchers_do_not() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        bytes memory old = _voucher(channel, 30e6).signatures;
        vm.chainId(31338);
        vm.assertEq(channels.channelIdOf(channel), channelId);
        _expectBadSignature(channel, old, payer);
        vm.assertEq(_redeem(channel, 30e6), 30e6);
        _close(channel);
        vm.assertEq(usdc.balanceOf(payer), 1_000_000e6 - 30e6);
    }

    function test_an_intent_works_in_its_last_second_and_not_after() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        uint40 deadline = uint40(_now() + 5);
        bytes memory auth = _channelAuth(BUYER_KEY, abi.encode(START_CLOSE, channelId, deadline));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.IntentExpired.selector, deadline + 1, deadline));
        channels.startClose(channel, auth);
        vm.warp(deadline);
        channels.startClose(channel, auth);
        _assertChannel(channelId, ChannelState.Closing, DEPOSIT, 0);
    }

    function test_refuses_a_deadline_that_was_not_signed() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        bytes memory auth = _channelAuth(BUYER_KEY, abi.encode(START_CLOSE, channelId, _soon()));
        auth[4] = bytes1(uint8(auth[4]) ^ 1);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer));
        channels.startClose(channel, auth);
    }

    function test_refuses_twins_and_short_forms_of_a_signature() public {
        Channel memory channel = _bilateral();
        bytes32 channelId = _open(channel);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, channels.voucherDigestOf(channelId, payee, 30e6));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        bytes32 compact = bytes32(uint256(s) | (uint256(v - 27) << 255));
        _expectBadSignature(channel, abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27)), payer);
        _expectBadSignature(channel, abi.encodePacked(r, s, v - 27), payer);
        _expectBadSignature(channel, abi.encodePacked(r, compact), payer);
        _expectBadSignature(channel, abi.encodePacked(r, s, v, uint8(0)), payer);
        _expectBadSignature(channel, abi.encodePacked(bytes32(0), bytes32(0), uint8(27)), payer);
        channels.redeem(channel, address(0), 30e6, abi.encodePacked(r, s, v));
    }

    /// One key behind two wallets: each wallet's voucher is its own channel's.
    function test_a_contract_wallet_signs_for_its_channel_only() public {
        Channel memory own = _openFrom(address(new Wallet(payer)));
        Channel memory twins = _openFrom(address(new Wallet(payer)));
        bytes memory signature = _signVoucher(BUYER_KEY, own, payee, 30e6);
        _expectBadSignature(twins, signature, twins.payer);
        channels.redeem(own, address(0), 30e6, signature);
        vm.assertEq(usdc.balanceOf(payee), 30e6);
    }

    function test_contract_wallets_sign_for_both_sides_of_a_sequenced_channel() public {
        Channel memory channel = _sequenced();
        channel.signer = address(new Wallet(payer));
        channel.sequencer = address(new Wallet(sequencer));
        _open(channel);
        Redemption memory voucher = _voucherTo(channel, agent, 30e6);
        channels.redeem(channel, agent, 30e6, voucher.signatures);
        vm.assertEq(usdc.balanceOf(agent), 30e6);
    }

    function test_an_endless_wallet_costs_its_cap_and_no_more() public {
        Channel memory channel = _bilateral();
        channel.signer = address(new EndlessWallet());
        _open(channel);
        uint256 before = gasleft();
        _expectBadSignature(channel, hex"01", channel.signer);
        vm.assertGe(500_000, before - gasleft(), "capped");
    }

    function test_a_huge_answer_is_read_to_its_first_word_and_a_short_one_is_none() public {
        Channel memory channel = _bilateral();
        channel.signer = address(new ShortWallet());
        _open(channel);
        _expectBadSignature(channel, hex"01", channel.signer);
        channel.signer = address(new HugeWallet());
        _open(channel);
        channels.redeem(channel, address(0), 30e6, hex"01");
        vm.assertEq(usdc.balanceOf(payee), 30e6);
    }

    function testFuzz_refuses_random_signatures(bytes memory signatures, bool sequenced) public {
        Channel memory channel = sequenced ? _sequenced() : _bilateral();
        _open(channel);
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, payer));
        channels.redeem(channel, payee, 30e6, signatures);
        vm.assertEq(usdc.balanceOf(payee), 0);
    }

    function _openFrom(address wallet) private returns (Channel memory channel) {
        usdc.mint(wallet, DEPOSIT);
        channel = _bilateral();
        channel.payer = wallet;
        vm.prank(wallet);
        usdc.approve(address(channels), DEPOSIT);
        _open(channel);
    }

    function _expectBadSignature(Channel memory channel, bytes memory signature, address of_) private {
        vm.expectRevert(abi.encodeWithSelector(IPaymentChannel.BadSignature.selector, of_));
        channels.redeem(channel, address(0), 30e6, signature);
        vm.assertEq(usdc.balanceOf(payee), 0);
    }
}
