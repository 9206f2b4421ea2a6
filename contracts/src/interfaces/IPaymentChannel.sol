// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IPayouts} from "./IPayouts.sol";
import {Terms, Authorization, PermitSignature} from "./Terms.sol";

/// @notice What a payer opens. The channel id is `keccak256(abi.encode(deployment chain id, contract, channel))`, so
/// every field binds the money, and no id is ever used twice: a payer who opens the same channel again takes another
/// salt.
struct Channel {
    address payer;
    /// The only payee, or 0 where every voucher names its payee.
    address payee;
    /// 0 where there is one payee. Otherwise it signs every voucher besides the payer and so keeps their sum within
    /// the deposit: payees rely on it for that. It can refuse a voucher, never change one.
    address sequencer;
    /// The key that signs vouchers in the payer's place, or 0 for the payer himself. Closing stays with the payer.
    address signer;
    /// How long vouchers are still taken once the payer closes alone: 1 h to 30 d.
    uint32 challengeSeconds;
    bytes32 salt;
}

/// @notice A voucher as it is redeemed, the item of a batch. `redeem` says what the fields are.
struct Redemption {
    Channel channel;
    address payee;
    uint96 cumulative;
    bytes signatures;
}

/// @notice Where a channel is. `Closed` is never left.
enum ChannelState {
    None,
    Open,
    Closing,
    Closed
}

/// @notice Why a voucher of a batch was passed over; `redeem` reverts with the error named behind.
enum Refusal {
    /// It pays.
    None,
    /// WrongState
    NotOpen,
    /// TooLate
    Late,
    /// VoucherStale
    Stale,
    /// NothingLeft
    Exhausted,
    /// BadPayee
    Unpayable,
    /// BadSignature of the payer's signer
    NotSigned,
    /// BadSignature of the sequencer
    NotSequenced
}

/// @title One deposit that pays many small sums, each a voucher signed off chain.
/// @notice No owner, no guardian, no fee, one token. Either one payee, who needs nothing but the payer's voucher, or
/// many payees and a sequencer whom the payer named. Anyone may carry any verb; authority is the sender (an empty
/// `auth`) or `abi.encodePacked(uint40 deadline, bytes signature)` of the named party over the intent named at each
/// verb (ECDSA, then ERC-1271), in the domain ("Guildhall PaymentChannel", "1", chain id, contract).
///
/// A payee gives work for a voucher only if the channel is open, of his token, with a challenge period in which he
/// surely comes to redeem, and with enough left. With many payees he relies on the sequencer as well: it may sign for
/// more than there is, or close together with the payer, and then the payees who redeem first are paid.
interface IPaymentChannel is IPayouts {
    event ChannelOpened(bytes32 indexed channelId, Channel channel, uint96 deposit);
    /// `deposit` is the new total.
    event ChannelToppedUp(bytes32 indexed channelId, uint96 amount, uint96 deposit);
    /// `paid` is the payee's total after this payment of `amount`.
    event VoucherRedeemed(bytes32 indexed channelId, address indexed payee, uint96 amount, uint96 paid);
    event VoucherSkipped(bytes32 indexed channelId, address indexed payee, uint96 cumulative, Refusal reason);
    /// Vouchers are taken until `closesAt`, that second included.
    event ChannelClosing(bytes32 indexed channelId, uint40 closesAt);
    /// `toPayee` is what the only payee got at the end, beyond what was redeemed; toPayee + toPayer is what was left.
    event ChannelClosed(bytes32 indexed channelId, uint96 toPayee, uint96 toPayer, bool together);
    /// `amount` went from the channel into the task; `deposit` is the channel's new total.
    event ChannelFundedTask(bytes32 indexed channelId, bytes32 indexed taskId, uint96 amount, uint96 deposit);
    /// A push failed with enough gas to be honest: `amount` now waits for `withdraw`. `channelId` is 0 in a batch,
    /// which pays a payee for many channels at once.
    event PaymentOwed(bytes32 indexed channelId, address indexed owner, uint96 amount);

    error NotParty(address actual, address required);
    error BadSignature(address signer);
    error BadAuth(uint256 length);
    error IntentExpired(uint256 time, uint256 deadline);
    error WrongState(ChannelState actual);
    error ChannelExists(bytes32 channelId);
    /// Either one payee or a sequencer.
    error PayeeOrSequencer(address payee, address sequencer);
    error PartiesNotDistinct(address party);
    error WindowOutOfBounds(uint256 actual, uint256 min, uint256 max);
    error AmountOutOfBounds(uint256 actual, uint256 min, uint256 max);
    error TooEarly(uint256 time, uint256 opensAfter);
    error TooLate(uint256 time, uint256 limit);
    error VoucherStale(uint256 cumulative, uint256 paid);
    error NothingLeft(bytes32 channelId);
    error BatchOutOfBounds(uint256 actual, uint256 max);

    /// @notice Takes the deposit by allowance. The sender is the payer or `auth` brings his signature over
    /// `Open(bytes32 channelId,uint96 amount,uint40 deadline)`: an allowance alone opens nothing.
    function open(Channel calldata channel, uint96 amount, bytes calldata auth) external returns (bytes32 channelId);

    /// @notice Sets the allowance by EIP-2612 first and goes on whether or not that worked, since anybody may have
    /// carried the permit already; then exactly `open`.
    function openWithPermit(
        Channel calldata channel,
        uint96 amount,
        PermitSignature calldata permit,
        bytes calldata auth
    ) external returns (bytes32 channelId);

    /// @notice Takes the deposit by EIP-3009 `receiveWithAuthorization` whose nonce is the channel id.
    function openWithAuthorization(Channel calldata channel, uint96 amount, Authorization calldata authorization)
        external
        returns (bytes32 channelId);

    /// @notice Adds the sender's money to an open channel, whoever he is: what is left goes to the payer.
    function topUp(Channel calldata channel, uint96 amount) external;

    /// @notice Adds the payer's money by EIP-3009 whose nonce is `keccak256(abi.encode(channel id, salt))`. Each salt
    /// works once, and no top-up of somebody else makes a signature stale.
    function topUpWithAuthorization(
        Channel calldata channel,
        uint96 amount,
        bytes32 salt,
        Authorization calldata authorization
    ) external;

    /// @notice Pays the payee what the voucher's `cumulative`, all that he is to have from the channel, is above what he
    /// had, at most what is left. Whoever calls. The voucher is signed as
    /// `Voucher(bytes32 channelId,address payee,uint96 cumulative)`.
    /// @param payee Read only where there are many payees; else it is the channel's.
    /// @param signatures The payer's, or that of the signer whom he named. Where there is a sequencer it is
    /// `abi.encodePacked(uint16 length, bytes signature, bytes sequencerSignature)`, `length` being that of the first.
    function redeem(Channel calldata channel, address payee, uint96 cumulative, bytes calldata signatures)
        external
        returns (uint96 amount);

    /// @notice Redeems at most 64 vouchers and pays each payee once, if his items stand together. A voucher that
    /// `redeem` would refuse is passed over with an event.
    function redeemBatch(Redemption[] calldata redemptions) external;

    /// @notice Begins the challenge period. Signs `StartClose(bytes32 channelId,uint40 deadline)`.
    function startClose(Channel calldata channel, bytes calldata auth) external;

    /// @notice After the challenge period the payer gets what is left, whoever calls.
    function finishClose(Channel calldata channel) external;

    /// @notice Closes at once. Payer and payee sign `CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)`,
    /// or one is the sender: the payee ends up with `cumulative` in all, the payer with the rest. Where there are many
    /// payees the sequencer signs in their place, and `cumulative` is the sum that must have been redeemed by now.
    function closeTogether(
        Channel calldata channel,
        uint96 cumulative,
        bytes calldata payerAuth,
        bytes calldata counterAuth
    ) external;

    /// @notice Funds a task of the payer's out of an open channel. Payer and payee, or payer and sequencer, sign
    /// `FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)`, or one is the
    /// sender; the payer signs the escrow's `Fund` besides. The deposit that remains covers vouchers of at least
    /// `minDeposit` in all, whatever of it was redeemed or added meanwhile.
    function fundTask(
        Channel calldata channel,
        Terms calldata terms,
        uint96 minDeposit,
        bytes calldata payerAuth,
        bytes calldata counterAuth,
        bytes calldata fundAuth
    ) external returns (bytes32 taskId);

    function channelIdOf(Channel calldata channel) external view returns (bytes32);

    /// @notice The full EIP-712 digest that the signer, and the sequencer if there is one, sign.
    function voucherDigestOf(bytes32 channelId, address payee, uint96 cumulative) external view returns (bytes32);

    /// @notice `deposit` is all that ever came in and was not moved into a task, `settled` what payees got of it. Of a
    /// closed channel both are what payees got.
    function channelOf(bytes32 channelId)
        external
        view
        returns (ChannelState state, uint96 deposit, uint96 settled, uint40 closesAt);

    /// @notice All that `payee` was paid from the channel.
    function paidTo(Channel calldata channel, address payee) external view returns (uint96);

    function escrow() external view returns (address);
    function deploymentChainId() external view returns (uint256);
    // slither-disable-next-line naming-convention - the name is that of EIP-2612
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
