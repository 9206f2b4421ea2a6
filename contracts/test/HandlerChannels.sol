// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HandlerFunding} from "./HandlerFunding.sol";
import {ChildTest} from "./ChildTest.sol";
import {ChannelTest} from "./channel/ChannelTest.sol";
import {Vm, vm} from "./Vm.sol";
import {Channel, ChannelState, IPaymentChannel, Redemption} from "../src/interfaces/IPaymentChannel.sol";
import {Terms, Authorization} from "../src/interfaces/ITaskEscrow.sol";

/// @title The same people's channels beside their tasks, and tasks that a channel pays.
/// @notice With one payee it is the agent; with many, agent or worker, and the auctioneer is the sequencer.
abstract contract HandlerChannels is HandlerFunding, ChannelTest {
    struct ChannelGhost {
        uint256 deposited;
        uint256 toTasks;
        uint256 redeemed;
        uint256 closed;
        uint256 closes;
        address payee;
    }

    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");
    bytes32 private constant FUND_TASK =
        keccak256("FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)");
    bytes32 private constant CLOSE_TOGETHER =
        keccak256("CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)");
    bytes32 private constant START_CLOSE = keccak256("StartClose(bytes32 channelId,uint40 deadline)");

    Channel[] private _channels;
    bytes32[] public channelIds;
    mapping(bytes32 channelId => ChannelGhost) internal _channelGhosts;
    mapping(bool together => uint256) public channelsClosed;
    uint256 public vouchersSkipped;

    function setUp() public virtual override(ChildTest, ChannelTest) {
        super.setUp();
    }

    // verbs

    function openChannel(uint256 kind, uint256 amount, uint256 how) external {
        Channel memory channel = kind % 2 == 0 ? _withAgent() : _sequenced();
        channel.salt = bytes32(channelIds.length);
        channel.challengeSeconds = uint32(kind % 3 hours) + 1;
        uint96 deposit = uint96(amount % 1e12) + 1;
        bytes memory call_ = abi.encodeCall(channels.open, (channel, deposit, ""));
        if (how % 2 == 0) {
            Authorization memory signed = _authorizeTo(address(channels), deposit, channels.channelIdOf(channel));
            call_ = abi.encodeCall(channels.openWithAuthorization, (channel, deposit, signed));
        }
        if (!_tryAt("openChannel", payer, address(channels), call_)) return;
        _channels.push(channel);
        channelIds.push(channels.channelIdOf(channel));
    }

    function topUp(uint256 pick, uint256 amount) external {
        (, Channel memory channel, bool none) = _pickChannel(pick, ChannelState.Open);
        if (none) return;
        bytes memory call_ = abi.encodeCall(channels.topUp, (channel, uint96(amount % 1e10)));
        _tryAt("topUp", payer, address(channels), call_);
    }

    function redeem(uint256 pick, uint256 amount, uint256 how) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pickRedeemable(pick, how);
        if (none) return;
        Redemption memory voucher = _someVoucher(channelId, channel, amount, how);
        bytes memory call_ =
            abi.encodeCall(channels.redeem, (channel, voucher.payee, voucher.cumulative, voucher.signatures));
        _tryAt("redeem", stranger, address(channels), call_);
    }

    /// Good, stale, excessive, late and badly signed ones together.
    function redeemBatch(uint256 pick, uint256 amount, uint256 how) external {
        if (channelIds.length == 0) return;
        Redemption[] memory batch = new Redemption[](3);
        for (uint256 i; i < 3; ++i) {
            (bytes32 channelId, Channel memory channel,) = _pickRedeemable(uint128(pick) + i / 2, how);
            batch[i] = _someVoucher(channelId, channel, amount >> i, how >> i);
        }
        if (how % 4 == 0) batch[pick % 3].signatures = "";
        _tryAt("redeemBatch", stranger, address(channels), abi.encodeCall(channels.redeemBatch, (batch)));
    }

    function startClose(uint256 pick, uint256 how) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pickChannel(pick, ChannelState.Open);
        if (none) return;
        bytes memory auth;
        if (how % 2 == 0) auth = _channelAuth(BUYER_KEY, abi.encode(START_CLOSE, channelId, _soon()));
        bytes memory call_ = abi.encodeCall(channels.startClose, (channel, auth));
        _tryAt("startClose", how % 2 == 0 ? stranger : payer, address(channels), call_);
    }

    function finishClose(uint256 pick, uint256 how) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pickChannel(pick, ChannelState.Closing);
        if (none) return;
        (,,, uint40 closesAt) = channels.channelOf(channelId);
        _passTo(closesAt, how % 2 == 0, how);
        _tryAt("finishClose", stranger, address(channels), abi.encodeCall(channels.finishClose, (channel)));
    }

    function closeTogether(uint256 pick, uint256 amount) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pickChannel(pick, ChannelState.Open);
        if (none) return;
        (, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        bool sequenced = channel.sequencer != address(0);
        uint96 cumulative = sequenced ? settled : settled + _upTo(amount, deposit - settled);
        bytes memory fields = abi.encode(CLOSE_TOGETHER, channelId, cumulative, _soon());
        bytes memory counter = _channelAuth(sequenced ? AUCTIONEER_KEY : AGENT_KEY, fields);
        bytes memory call_ = abi.encodeCall(channels.closeTogether, (channel, cumulative, "", counter));
        _tryAt("closeTogether", payer, address(channels), call_);
    }

    function fundTask(uint256 pick, uint256 amount, uint256 window) external {
        (bytes32 channelId, Channel memory channel, bool none) = _pickChannel(pick, ChannelState.Open);
        if (none) return;
        (, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        Terms memory terms = _invent(pick, amount, window);
        terms.budget = _upTo(amount, (deposit - settled) / 2 + 2);
        if (terms.childCap > terms.budget) terms.childCap = terms.budget;
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory fields = abi.encode(FUND_TASK, channelId, taskId, terms.budget, uint96(0), _soon());
        bytes memory counter = _channelAuth(channel.sequencer == address(0) ? AGENT_KEY : AUCTIONEER_KEY, fields);
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, taskId, _soon()));
        bytes memory call_ = abi.encodeCall(channels.fundTask, (channel, terms, 0, "", counter, auth));
        _payer = address(channels);
        bool done = _tryAt("fundTask", payer, address(channels), call_);
        _payer = address(0);
        if (done) _remember(terms);
    }

    // picks

    function _pickChannel(uint256 pick, ChannelState state)
        internal
        view
        returns (bytes32 channelId, Channel memory channel, bool none)
    {
        if (channelIds.length == 0) return (0, channel, true);
        pick = uint128(pick);
        uint256 recent = channelIds.length < 6 ? channelIds.length : 6;
        uint256 chosen = channelIds.length - 1 - (pick % recent);
        for (uint256 i; pick % 9 != 0 && i < recent; ++i) {
            uint256 index = channelIds.length - 1 - ((pick + i) % recent);
            (ChannelState actual,,,) = channels.channelOf(channelIds[index]);
            if (actual == state) chosen = index;
        }
        return (channelIds[chosen], _channels[chosen], false);
    }

    /// Open, or closing and now and then at the end of its challenge period.
    function _pickRedeemable(uint256 pick, uint256 how)
        private
        returns (bytes32 channelId, Channel memory channel, bool none)
    {
        (channelId, channel, none) = _pickChannel(pick, how % 5 == 0 ? ChannelState.Closing : ChannelState.Open);
        if (none) return (channelId, channel, none);
        (ChannelState state,,, uint40 closesAt) = channels.channelOf(channelId);
        if (state == ChannelState.Closing) _passTo(closesAt, how % 3 == 0, how);
    }

    /// From nothing to a third more than there is.
    function _someVoucher(bytes32 channelId, Channel memory channel, uint256 amount, uint256 how)
        private
        view
        returns (Redemption memory)
    {
        (, uint96 deposit,,) = channels.channelOf(channelId);
        address to = channel.payee == address(0) && how % 2 == 0 ? worker : agent;
        return _voucherTo(channel, to, uint96(amount % (uint256(deposit) * 4 / 3 + 1)));
    }

    // books

    function _bookOther(Vm.Log memory log) internal override {
        if (log.emitter != address(channels) || log.topics.length < 2) return;
        bytes32 name = log.topics[0];
        ChannelGhost storage ghost = _channelGhosts[log.topics[1]];
        if (name == IPaymentChannel.ChannelOpened.selector) {
            (Channel memory channel, uint96 deposit) = abi.decode(log.data, (Channel, uint96));
            ghost.payee = channel.payee;
            _bookDeposit(ghost, deposit);
        } else if (name == IPaymentChannel.ChannelToppedUp.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            _bookDeposit(ghost, amount);
        } else if (name == IPaymentChannel.VoucherRedeemed.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            ghost.redeemed += amount;
            _creditAt(ghost, address(uint160(uint256(log.topics[2]))), amount);
        } else if (name == IPaymentChannel.VoucherSkipped.selector) {
            ++vouchersSkipped;
        } else if (name == IPaymentChannel.ChannelFundedTask.selector) {
            (uint96 amount,) = abi.decode(log.data, (uint96, uint96));
            ghost.toTasks += amount;
            _creditAt(ghost, address(channels), amount);
        } else if (name == IPaymentChannel.ChannelClosed.selector) {
            _bookClosed(ghost, log.data);
        }
    }

    function _bookDeposit(ChannelGhost storage ghost, uint96 amount) private {
        ghost.deposited += amount;
        if (ghost.closes != 0) ++resurrections;
        credited[payer] -= int256(uint256(amount));
    }

    function _bookClosed(ChannelGhost storage ghost, bytes memory data) private {
        (uint96 toPayee, uint96 toPayer, bool together) = abi.decode(data, (uint96, uint96, bool));
        ghost.closed += uint256(toPayee) + toPayer;
        _creditAt(ghost, ghost.payee, toPayee);
        _creditAt(ghost, payer, toPayer);
        ++ghost.closes;
        ++channelsClosed[together];
    }

    function _creditAt(ChannelGhost storage ghost, address person, uint96 amount) private {
        if (ghost.closes != 0) ++resurrections;
        credited[person] += int256(uint256(amount));
    }

    // reads for the invariants

    function channelCount() external view returns (uint256) {
        return channelIds.length;
    }

    function channelGhostOf(bytes32 channelId) external view returns (ChannelGhost memory) {
        return _channelGhosts[channelId];
    }

    function channelBook() external view returns (IPaymentChannel) {
        return channels;
    }
}
