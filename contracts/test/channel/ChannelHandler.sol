// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelTest} from "./ChannelTest.sol";
import {Vm, vm} from "../Vm.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../../src/interfaces/IPaymentChannel.sol";
import {Terms} from "../../src/interfaces/ITaskEscrow.sol";
import {HostileToken} from "../../mocks/HostileToken.sol";
import {MockUSDC} from "../../mocks/MockUSDC.sol";

/// @title Random people with random vouchers, and a ghost ledger of events beside them.
/// @notice Vouchers of every height are redeemed at every time, single and in batches. The token refuses some people
/// at random, so that debts come up, and calls back into random verbs in the middle of its transfers.
contract ChannelHandler is ChannelTest {
    struct Ghost {
        uint256 deposited;
        uint256 redeemed;
        uint256 returned;
        uint256 tasks;
        uint256 closes;
    }

    bytes32 private constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");
    bytes32 private constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    uint256 public constant MINTED = 1e18;

    Channel[] private _all;
    bytes32[] public ids;
    mapping(bytes32 channelId => Ghost) public ghosts;
    mapping(bytes32 verb => uint256) public succeeded;
    mapping(bytes32 verb => uint256) public reverted;
    uint256 public donated;
    uint256 public resurrections;
    uint256 public overpayments;
    HostileToken private token;

    constructor() {
        setUp();
        token = new HostileToken();
        usdc = MockUSDC(address(token));
        _deployOver(address(token));
        _deployChannels();
        token.mint(payer, MINTED);
        vm.prank(payer);
        token.approve(address(channels), type(uint256).max);
    }

    /// Public in its parent, but not for the fuzzer to begin anew.
    function setUp() public override {
        if (address(channels) == address(0)) super.setUp();
    }

    // verbs

    function open(uint256 kind, uint96 amount, uint32 challenge) external {
        Channel memory channel = kind % 2 == 0 ? _withAgent() : _sequenced();
        channel.salt = bytes32(ids.length);
        channel.challengeSeconds = challenge % 2 days + 1;
        if (kind % 3 == 0) channel.signer = signer;
        amount = uint96(amount % 1e9) + 1;
        bytes32 channelId = channels.channelIdOf(channel);
        if (!_try("open", payer, abi.encodeCall(channels.open, (channel, amount, "")), channelId)) return;
        _all.push(channel);
        ids.push(channelId);
    }

    /// The same id once more: never.
    function openAgain(uint256 pick) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        if (_try("openAgain", payer, abi.encodeCall(channels.open, (channel, 1, "")), channelId)) ++resurrections;
    }

    function topUp(uint256 pick, uint96 amount) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        _try("topUp", payer, abi.encodeCall(channels.topUp, (channel, uint96(amount % 1e8))), channelId);
    }

    function redeem(uint256 pick, uint256 who, uint96 sum) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        Redemption memory voucher = _someVoucher(channel, who, sum);
        bytes memory call_ =
            abi.encodeCall(channels.redeem, (channel, voucher.payee, voucher.cumulative, voucher.signatures));
        _try("redeem", stranger, call_, channelId);
    }

    function redeemBatch(uint256 pick, uint256 who, uint96 sum) external {
        if (ids.length == 0) return;
        Redemption[] memory redemptions = new Redemption[](4);
        for (uint256 i; i < 4; ++i) {
            (, Channel memory channel,) = _pick(pick % ids.length + i / 2);
            redemptions[i] = _someVoucher(channel, who >> i, uint96(uint256(sum) * (i + 1) / 3));
            if (pick % 7 == i) redemptions[i].signatures = "";
        }
        _try("redeemBatch", stranger, abi.encodeCall(channels.redeemBatch, (redemptions)), 0);
    }

    function startClose(uint256 pick) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (!none) _try("startClose", payer, abi.encodeCall(channels.startClose, (channel, "")), channelId);
    }

    function finishClose(uint256 pick) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (!none) _try("finishClose", stranger, abi.encodeCall(channels.finishClose, (channel)), channelId);
    }

    function closeTogether(uint256 pick, uint96 sum) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        (, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        bool sequenced = channel.sequencer != address(0);
        uint96 cumulative = sequenced ? settled : settled + uint96(sum % (uint256(deposit - settled) + 1));
        bytes memory fields = abi.encode(CLOSE_TOGETHER, channelId, cumulative, _soon());
        bytes memory auth = _channelAuth(sequenced ? AUCTIONEER_KEY : AGENT_KEY, fields);
        bytes memory call_ = abi.encodeCall(channels.closeTogether, (channel, cumulative, "", auth));
        _try("closeTogether", payer, call_, channelId);
    }

    function fundTask(uint256 pick, uint96 amount) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        Terms memory terms = _directHire();
        terms.salt = keccak256(abi.encode(channelId, ghosts[channelId].tasks));
        (, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        terms.budget = uint96(amount % (uint256(deposit - settled) / 2 + 2));
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory fields = abi.encode(FUND_TASK, channelId, taskId, terms.budget, uint96(0), _soon());
        bytes memory auth = _channelAuth(channel.sequencer == address(0) ? AGENT_KEY : AUCTIONEER_KEY, fields);
        bytes memory fund = _auth(BUYER_KEY, abi.encode(FUND, taskId, _soon()));
        bytes memory call_ = abi.encodeCall(channels.fundTask, (channel, terms, 0, "", auth, fund));
        _try("fundTask", payer, call_, channelId);
    }

    function withdraw(uint256 who) external {
        token.refuse(address(0));
        _try("withdraw", stranger, abi.encodeCall(channels.withdraw, (_someone(who))), 0);
    }

    // the world

    function refuse(uint256 who) external {
        token.refuse(who % 3 == 0 ? address(0) : _someone(who / 3));
    }

    /// In the middle of the next transfer.
    function callBack(uint256 pick, uint256 who, uint96 sum) external {
        (, Channel memory channel, bool none) = _pick(pick);
        if (none) return;
        Redemption memory voucher = _someVoucher(channel, who, sum);
        bytes[3] memory calls = [
            abi.encodeCall(channels.redeem, (channel, voucher.payee, voucher.cumulative, voucher.signatures)),
            abi.encodeCall(channels.finishClose, (channel)),
            abi.encodeCall(channels.withdraw, (_someone(who)))
        ];
        token.setHook(address(channels), calls[who % 3]);
    }

    function donate(uint96 amount) external {
        uint256 gift = uint256(amount % 1e6) + 1;
        token.mint(address(channels), gift);
        donated += gift;
    }

    function pass(uint32 duration) external {
        _skip(duration % 6 hours);
    }

    /// To the second before, of, or after the end of a challenge period.
    function passToAnEdge(uint256 pick, uint256 which) external {
        (bytes32 channelId,, bool none) = _pick(pick);
        if (none) return;
        (,,, uint40 closesAt) = channels.channelOf(channelId);
        uint256 next = uint256(closesAt) + which % 3;
        if (next > _now() + 1) vm.warp(next - 1);
    }

    // reads for the invariants

    function count() external view returns (uint256) {
        return ids.length;
    }

    function channelsBalance() external view returns (uint256) {
        return token.balanceOf(address(channels));
    }

    /// What everybody but the channels' contract holds.
    function heldOutside() external view returns (uint256) {
        return
            token.balanceOf(payer) + token.balanceOf(payee) + token.balanceOf(agent) + token.balanceOf(address(escrow));
    }

    function owedToAll() external view returns (uint256) {
        return channels.owed(payer) + channels.owed(payee) + channels.owed(agent);
    }

    function totalOwed() external view returns (uint256) {
        return channels.totalOwed();
    }

    function slotOf(bytes32 channelId) external view returns (ChannelState state, uint256 deposit, uint256 settled) {
        (state, deposit, settled,) = channels.channelOf(channelId);
    }

    function paidToAll(uint256 i) external view returns (uint256) {
        return uint256(channels.paidTo(_all[i], payee)) + channels.paidTo(_all[i], agent);
    }

    function _someone(uint256 who) private view returns (address) {
        return who % 3 == 0 ? payer : who % 3 == 1 ? payee : agent;
    }

    function _someVoucher(Channel memory channel, uint256 who, uint96 sum) private view returns (Redemption memory) {
        address to = channel.sequencer == address(0) || who % 2 == 0 ? agent : payee;
        return _voucherTo(channel, to, sum % 8 == 0 ? type(uint96).max : uint96(sum % 1e9));
    }

    function _pick(uint256 pick) private view returns (bytes32 channelId, Channel memory channel, bool none) {
        if (ids.length == 0) return (0, channel, true);
        uint256 recent = ids.length < 6 ? ids.length : 6;
        uint256 chosen = ids.length - 1 - (pick % recent);
        return (ids[chosen], _all[chosen], false);
    }

    function _try(bytes32 verb, address sender, bytes memory call_, bytes32 channelId) private returns (bool done) {
        (ChannelState before,,,) = channels.channelOf(channelId);
        vm.recordLogs();
        vm.prank(sender);
        (done,) = address(channels).call(call_);
        ++(done ? succeeded : reverted)[verb];
        if (!done) return false;
        // Only now, since what was undone is recorded too.
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == address(channels)) _book(logs[i]);
        }
        if (before == ChannelState.Closed) ++resurrections;
    }

    /// The ghost ledger knows events only: they alone must tell where the money went.
    function _book(Vm.Log memory log) private {
        Ghost storage ghost = ghosts[log.topics.length > 1 ? log.topics[1] : bytes32(0)];
        bytes32 name = log.topics[0];
        if (name == IPaymentChannel.ChannelOpened.selector) {
            (, uint96 deposit) = abi.decode(log.data, (Channel, uint96));
            ghost.deposited += deposit;
        } else if (name == IPaymentChannel.ChannelToppedUp.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            ghost.deposited += amount;
        } else if (name == IPaymentChannel.VoucherRedeemed.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            ghost.redeemed += amount;
        } else if (name == IPaymentChannel.ChannelFundedTask.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            ghost.tasks += amount;
        } else if (name == IPaymentChannel.ChannelClosed.selector) {
            (uint96 toPayee, uint96 toPayer,) = abi.decode(log.data, (uint96, uint96, bool));
            ghost.redeemed += toPayee;
            ghost.returned += toPayer;
            ++ghost.closes;
        }
        if (ghost.redeemed + ghost.returned + ghost.tasks > ghost.deposited) ++overpayments;
    }
}
