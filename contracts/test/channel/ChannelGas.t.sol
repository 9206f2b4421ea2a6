// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "../Deployed.sol";
import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {MockUSDC} from "../../mocks/MockUSDC.sol";
import {Channel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";

/// What each flow costs as a transaction of its own, over a plain token, with a payee who already holds some. The agent
/// is paid, since his address is as long as anybody's.
/// forge-config: default.isolate = true
contract ChannelGasTest is ChannelTest {
    function setUp() public override {
        super.setUp();
        usdc = MockUSDC(address(Deployed.plainToken()));
        _deployOver(address(usdc));
        _deployChannels();
        usdc.mint(payer, 1_000e6);
        usdc.mint(agent, 1e6);
        usdc.mint(address(channels), 1e6);
        vm.prank(payer);
        usdc.approve(address(channels), type(uint256).max);
    }

    function test_open() public {
        Channel memory channel = _withAgent();
        _open(channel);
        vm.snapshotGasLastCall("PaymentChannel", "open");
        vm.prank(payer);
        channels.topUp(channel, DEPOSIT);
        vm.snapshotGasLastCall("PaymentChannel", "topUp");
        channel.salt = keccak256("authorization");
        channels.openWithAuthorization(channel, DEPOSIT, _openAuthorization(channel, DEPOSIT));
        vm.snapshotGasLastCall("PaymentChannel", "open by EIP-3009");
    }

    function test_redeem() public {
        Channel memory channel = _withAgent();
        _open(channel);
        _redeemTo(channel, agent, 12_345_678);
        vm.snapshotGasLastCall("PaymentChannel", "redeem");
    }

    function test_redeem_of_many_payees() public {
        Channel memory channel = _sequenced();
        _open(channel);
        _redeemTo(channel, agent, 12_345_678);
        vm.snapshotGasLastCall("PaymentChannel", "redeem with a sequencer, first");
        _redeemTo(channel, agent, 23_456_789);
        vm.snapshotGasLastCall("PaymentChannel", "redeem with a sequencer, later");
    }

    function test_batch() public {
        Redemption[] memory redemptions = new Redemption[](10);
        for (uint256 i; i < redemptions.length; ++i) {
            Channel memory channel = _withAgent();
            channel.salt = keccak256(abi.encode(i));
            _open(channel);
            redemptions[i] = _voucherTo(channel, agent, 12_345_678);
        }
        channels.redeemBatch(redemptions);
        vm.snapshotGasLastCall("PaymentChannel", "redeem a batch of ten");
    }

    function test_close() public {
        Channel memory channel = _withAgent();
        _open(channel);
        _redeemTo(channel, agent, 12_345_678);
        _startClose(channel);
        vm.snapshotGasLastCall("PaymentChannel", "startClose");
        _skip(CHALLENGE + 1);
        channels.finishClose(channel);
        vm.snapshotGasLastCall("PaymentChannel", "finishClose");
    }
}
