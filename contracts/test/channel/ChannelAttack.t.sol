// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {vm} from "../Vm.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";
import {Terms} from "../../src/interfaces/ITaskEscrow.sol";
import {HostileToken} from "../../mocks/HostileToken.sol";
import {MockUSDC} from "../../mocks/MockUSDC.sol";

/// What a token, or whoever carries a verb, may try.
contract ChannelAttackTest is ChannelTest {
    bytes32 private constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");
    bytes32 private constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    uint96 private constant MONEY = 1_000_000e6;

    HostileToken private token;

    function setUp() public override {
        super.setUp();
        token = new HostileToken();
        usdc = MockUSDC(address(token));
        _deployOver(address(token));
        _deployChannels();
        token.mint(payer, MONEY);
        vm.prank(payer);
        token.approve(address(channels), type(uint256).max);
    }

    // tokens

    function test_refuses_a_fee_on_transfer() public {
        Channel memory channel = _withAgent();
        _open(channel);
        token.setMode(HostileToken.Mode.Fee);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, 9.9e6, 10e6));
        vm.prank(payer);
        channels.topUp(channel, 10e6);
        channel.salt = keccak256("another");
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, 9.9e6, 10e6));
        vm.prank(payer);
        channels.open(channel, 10e6, "");
    }

    function test_refuses_a_false_answer_on_the_way_in() public {
        token.setMode(HostileToken.Mode.False);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
        vm.prank(payer);
        channels.open(_withAgent(), DEPOSIT, "");
    }

    function test_a_refusal_of_any_kind_on_the_way_out_becomes_a_debt() public {
        HostileToken.Mode[3] memory refusals =
            [HostileToken.Mode.False, HostileToken.Mode.Bomb, HostileToken.Mode.Burner];
        for (uint256 i; i < refusals.length; ++i) {
            token.setMode(HostileToken.Mode.Honest);
            Channel memory channel = _withAgent();
            channel.salt = bytes32(i);
            _open(channel);
            Redemption memory voucher = _voucherTo(channel, agent, 30e6);
            token.setMode(refusals[i]);
            channels.redeem{gas: 20_000_000}(channel, address(0), 30e6, voucher.signatures);
            vm.assertEq(channels.owed(agent), (i + 1) * 30e6);
        }
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferFailed.selector));
        channels.withdraw{gas: 1_000_000}(agent);
        token.setMode(HostileToken.Mode.Honest);
        channels.withdraw(agent);
        vm.assertEq(token.balanceOf(agent), 90e6);
    }

    /// INV-30: what was sent here unasked is in no channel.
    function test_money_that_was_given_belongs_to_no_channel() public {
        token.mint(address(channels), 5e6);
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        vm.assertEq(_redeemTo(channel, agent, type(uint96).max), DEPOSIT);
        _assertChannel(channelId, ChannelState.Open, DEPOSIT, DEPOSIT);
        vm.assertEq(token.balanceOf(address(channels)), 5e6);
    }

    // gas

    /// INV-32: whatever gas the carrier gives, each paying verb pays in full or does nothing at all.
    function test_starving_a_push_never_makes_a_debt() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes[4] memory verbs = _payingVerbs(channel);
        for (uint256 i; i < verbs.length; ++i) {
            if (i == 3) _closing(channel);
            uint256 paid;
            for (uint256 gasLimit = 20_000; gasLimit < 400_000; gasLimit += 3_000) {
                uint256 snapshot = vm.snapshotState();
                vm.prank(stranger);
                (bool done,) = address(channels).call{gas: gasLimit}(verbs[i]);
                vm.assertEq(channels.totalOwed(), 0);
                uint256 left = _leftOf(channelId);
                vm.assertEq(token.balanceOf(address(channels)), left);
                vm.assertTrue(done == (left != DEPOSIT));
                if (done) ++paid;
                vm.revertToState(snapshot);
            }
            vm.assertGe(paid, 50, "most limits are enough");
        }
    }

    function test_refuses_a_debt_without_gas_enough_to_be_honest() public {
        Channel memory channel = _withAgent();
        _open(channel);
        token.refuse(agent);
        Redemption[] memory one = new Redemption[](1);
        one[0] = _voucherTo(channel, agent, 30e6);
        bytes[2] memory verbs = [
            abi.encodeCall(channels.redeem, (channel, address(0), 30e6, one[0].signatures)),
            abi.encodeCall(channels.redeemBatch, (one))
        ];
        for (uint256 i; i < verbs.length; ++i) {
            (bool done, bytes memory reason) = address(channels).call{gas: 140_000}(verbs[i]);
            vm.assertFalse(done);
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IPayouts.OutOfPushGas.selector));
        }
        channels.redeemBatch{gas: 400_000}(one);
        vm.assertEq(channels.owed(agent), 30e6);
    }

    // re-entry

    /// INV-34: a token that calls back while money leaves finds every verb done already.
    function test_reentry_while_the_money_is_on_its_way_out() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        bytes[4] memory verbs = _payingVerbs(channel);
        for (uint256 outer; outer < 4; ++outer) {
            if (outer == 3) _closing(channel);
            for (uint256 inner; inner < 4; ++inner) {
                uint256 snapshot = vm.snapshotState();
                token.setHook(address(channels), verbs[inner]);
                vm.prank(stranger);
                (bool done,) = address(channels).call(verbs[outer]);
                vm.assertTrue(done);
                uint256 out = token.balanceOf(agent) + token.balanceOf(payer) + DEPOSIT - MONEY;
                vm.assertEq(out + _leftOf(channelId), DEPOSIT);
                vm.assertEq(token.balanceOf(address(channels)), _leftOf(channelId));
                vm.assertGe(45e6, token.balanceOf(agent), "the payee had what was signed");
                vm.revertToState(snapshot);
            }
        }
    }

    /// INV-34: a token that calls back before a deposit came gets nothing of anybody's out.
    function test_reentry_while_the_money_is_on_its_way_in() public {
        Channel memory victim = _withAgent();
        victim.salt = keccak256("victim");
        _open(victim);
        Channel memory channel = _withAgent();
        Redemption memory voucher = _voucherTo(channel, agent, DEPOSIT);
        bytes memory redeeming = abi.encodeCall(channels.redeem, (channel, address(0), DEPOSIT, voucher.signatures));
        token.setHook(address(channels), redeeming);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, 0, DEPOSIT));
        vm.prank(payer);
        channels.open(channel, DEPOSIT, "");
        vm.assertEq(token.balanceOf(agent), 0);
    }

    /// INV-34: a second deposit inside the first one's does not count twice.
    function test_reentry_with_another_deposit() public {
        Channel memory channel = _withAgent();
        _open(channel);
        token.mint(address(token), 10e6);
        vm.prank(address(token));
        token.approve(address(channels), 10e6);
        token.setHook(address(channels), abi.encodeCall(channels.topUp, (channel, 10e6)));
        vm.expectRevert(abi.encodeWithSelector(IPayouts.TransferShort.selector, 30e6, 20e6));
        vm.prank(payer);
        channels.topUp(channel, 20e6);
    }

    /// INV-34: read-only: in the middle of a payment the views tell the state after it.
    function test_views_are_true_in_the_middle_of_a_payment() public {
        Channel memory channel = _withAgent();
        _open(channel);
        ChannelObserver observer = new ChannelObserver(channels, channel, agent);
        token.setHook(address(observer), abi.encodeCall(observer.look, ()));
        _redeemTo(channel, agent, 30e6);
        vm.assertTrue(token.hookSucceeded());
    }

    /// INV-34: nor does a call back on the way into the escrow find the channel's money twice.
    function test_reentry_while_a_task_is_funded() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Redemption memory voucher = _voucherTo(channel, agent, DEPOSIT);
        Terms memory terms = _directHire();
        terms.budget = 40e6;
        bytes memory call_ = _fundTaskCall(channel, terms);
        token.setHook(
            address(channels), abi.encodeCall(channels.redeem, (channel, address(0), DEPOSIT, voucher.signatures))
        );
        vm.prank(stranger);
        (bool done,) = address(channels).call(call_);
        vm.assertTrue(done);
        vm.assertEq(token.balanceOf(agent), DEPOSIT - 40e6);
        vm.assertEq(token.balanceOf(address(escrow)), 40e6);
        vm.assertEq(_leftOf(channelId), 0);
        vm.assertEq(token.allowance(address(channels), address(escrow)), 0);
    }

    /// With his payee's word the payer moves money into a task; cancelled, it comes back to him, not to the channel.
    function test_what_a_cancelled_task_gives_back_is_not_the_channels() public {
        Channel memory channel = _withAgent();
        bytes32 channelId = _open(channel);
        Terms memory terms = _directHire();
        terms.budget = 40e6;
        vm.prank(stranger);
        (bool done,) = address(channels).call(_fundTaskCall(channel, terms));
        vm.assertTrue(done);
        vm.prank(payer);
        escrow.cancel(terms, "");
        vm.assertEq(token.balanceOf(payer), MONEY - DEPOSIT + 40e6);
        vm.assertEq(_redeemTo(channel, agent, DEPOSIT), DEPOSIT - 40e6);
        vm.assertEq(_leftOf(channelId), 0);
    }

    function _payingVerbs(Channel memory channel) private view returns (bytes[4] memory) {
        bytes32 channelId = channels.channelIdOf(channel);
        Redemption[] memory one = new Redemption[](1);
        one[0] = _voucherTo(channel, agent, 45e6);
        bytes memory close = abi.encode(CLOSE_TOGETHER, channelId, uint96(45e6), _soon());
        return [
            abi.encodeCall(channels.redeem, (channel, address(0), 45e6, one[0].signatures)),
            abi.encodeCall(channels.redeemBatch, (one)),
            abi.encodeCall(
                channels.closeTogether, (channel, 45e6, _channelAuth(BUYER_KEY, close), _channelAuth(AGENT_KEY, close))
            ),
            abi.encodeCall(channels.finishClose, (channel))
        ];
    }

    function _fundTaskCall(Channel memory channel, Terms memory terms) private view returns (bytes memory) {
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory fields =
            abi.encode(FUND_TASK, channels.channelIdOf(channel), taskId, terms.budget, uint96(0), _soon());
        bytes memory fund = _auth(BUYER_KEY, abi.encode(FUND, taskId, _soon()));
        return abi.encodeCall(
            channels.fundTask,
            (channel, terms, 0, _channelAuth(BUYER_KEY, fields), _channelAuth(AGENT_KEY, fields), fund)
        );
    }

    function _closing(Channel memory channel) private {
        _startClose(channel);
        _skip(CHALLENGE + 1);
    }

    function _leftOf(bytes32 channelId) private view returns (uint256) {
        (, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        return deposit - settled;
    }
}

/// Looks while money is on its way to a payee.
contract ChannelObserver {
    IPaymentChannel private immutable channels;
    Channel private channel;
    address private immutable payee;

    constructor(IPaymentChannel channels_, Channel memory channel_, address payee_) {
        (channels, channel, payee) = (channels_, channel_, payee_);
    }

    function look() external view {
        (ChannelState state, uint96 deposit, uint96 settled,) = channels.channelOf(channels.channelIdOf(channel));
        require(state == ChannelState.Open && deposit == 100e6 && settled == 30e6, "not settled yet");
        require(channels.paidTo(channel, payee) == 30e6, "not paid yet");
    }
}
