// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "../Deployed.sol";
import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {MockUSDC} from "../../mocks/MockUSDC.sol";
import {Channel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";
import {ISplitter} from "../../src/interfaces/ISplitter.sol";
import {ISplitterFactory} from "../../src/interfaces/ISplitterFactory.sol";
import {Terms} from "../../src/interfaces/ITaskEscrow.sol";

/// What each flow costs as a transaction of its own, over a plain token, with a payee who already holds some. The agent
/// is paid, since his address is as long as anybody's.
/// forge-config: default.isolate = true
contract ChannelGasTest is ChannelTest {
    bytes32 private constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");
    bytes32 private constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");

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

    function test_close_together() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        _redeemTo(channel, agent, 12_345_678);
        bytes memory auth = _channelAuth(AGENT_KEY, abi.encode(CLOSE_TOGETHER, channelId, uint96(23_456_789), _soon()));
        vm.prank(payer);
        channels.closeTogether(channel, 23_456_789, "", auth);
        vm.snapshotGasLastCall("PaymentChannel", "closeTogether");
    }

    function test_fund_a_task() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _directHire();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory fields = abi.encode(FUND_TASK, channelId, taskId, terms.budget, uint96(0), _soon());
        bytes memory fund = _auth(BUYER_KEY, abi.encode(FUND, taskId, _soon()));
        bytes memory auth = _channelAuth(AGENT_KEY, fields);
        vm.prank(payer);
        channels.fundTask(channel, terms, 0, "", auth, fund);
        vm.snapshotGasLastCall("PaymentChannel", "fundTask");
    }

    function test_splitter() public {
        ISplitterFactory factory = Deployed.splitterFactory(address(usdc));
        (address[] memory payees, uint96[] memory shares) = (new address[](2), new uint96[](2));
        (payees[0], payees[1]) = agent < buyer ? (agent, buyer) : (buyer, agent);
        (shares[0], shares[1]) = (1, 3);
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        vm.snapshotGasLastCall("Splitter", "deploy for two");
        usdc.mint(address(splitter), DEPOSIT);
        splitter.withdraw(agent);
        vm.snapshotGasLastCall("Splitter", "withdraw, first");
        usdc.mint(address(splitter), DEPOSIT);
        splitter.withdraw(agent);
        vm.snapshotGasLastCall("Splitter", "withdraw, later");
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
