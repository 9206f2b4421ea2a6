// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed, IAgentRegistry} from "./Deployed.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";

/// @title A network of contracts, its people, and the steps that lead to each state.
abstract contract EscrowTest {
    uint96 internal constant BUDGET = 100e6;
    uint96 internal constant PRICE = 80e6;
    uint16 internal constant FEE_BPS = 100;
    uint256 internal constant BUYER_KEY = 0xb1;
    uint256 internal constant AGENT_KEY = 0xa1;
    uint256 internal constant ARBITER_KEY = 0xc1;
    uint256 internal constant AUCTIONEER_KEY = 0xd1;
    uint256 internal constant STRANGER_KEY = 0xe1;

    address internal immutable buyer = vm.addr(BUYER_KEY);
    address internal immutable agent = vm.addr(AGENT_KEY);
    address internal immutable arbiter = vm.addr(ARBITER_KEY);
    address internal immutable auctioneer = vm.addr(AUCTIONEER_KEY);
    address internal immutable stranger = vm.addr(STRANGER_KEY);
    address internal immutable payee = address(0xfa7ee);
    address internal immutable guardian = address(0x90a4d);
    address internal immutable feeOwner = address(0xfee);

    MockUSDC internal usdc;
    IAgentRegistry internal identity;
    ITaskEscrow internal escrow;
    IReputationRegistry internal reputation;
    uint256 internal agentId;

    function setUp() public virtual {
        usdc = _token();
        _deployOver(address(usdc));
        usdc.mint(buyer, 1_000_000e6);
        vm.prank(buyer);
        usdc.approve(address(escrow), type(uint256).max);
    }

    function _token() internal virtual returns (MockUSDC) {
        return Deployed.mockUSDC();
    }

    function _deployOver(address token) internal {
        identity = Deployed.identityRegistry();
        escrow = Deployed.taskEscrow(token, address(identity), guardian, feeOwner, FEE_BPS);
        reputation = Deployed.reputationRegistry(address(escrow), address(identity));
        vm.prank(agent);
        agentId = identity.register("ipfs://agent");
    }

    // terms

    /// An auction: the auctioneer chooses, the buyer may veto.
    function _auction() internal view returns (Terms memory terms) {
        terms = _buyerAwarded();
        terms.awarder = auctioneer;
    }

    function _buyerAwarded() internal view returns (Terms memory terms) {
        terms = _directHire();
        terms.agent = address(0);
        terms.awardBy = uint40(_now() + 1 days);
    }

    function _directHire() internal view returns (Terms memory terms) {
        terms.buyer = buyer;
        terms.agent = agent;
        terms.arbiter = arbiter;
        terms.content = keccak256("content");
        terms.budget = BUDGET;
        terms.deliverBy = uint40(_now() + 7 days);
        terms.reviewSeconds = 3 days;
        terms.vetoSeconds = 1 hours;
        terms.arbiterSeconds = 5 days;
        terms.defaultShareBps = 5_000;
    }

    function _bidFor(Terms memory terms) internal view returns (Bid memory bid) {
        bid.taskId = escrow.taskIdOf(terms);
        bid.agentId = agentId;
        bid.agent = agent;
        bid.payee = payee;
        bid.minPrice = 50e6;
        bid.minWorkSeconds = 1 days;
        bid.validUntil = uint40(_now() + 2 days);
    }

    // steps, each returning the task's id

    function _fund(Terms memory terms) internal returns (bytes32) {
        vm.prank(terms.buyer);
        return escrow.fund(terms, "");
    }

    function _award(Terms memory terms) internal returns (bytes32) {
        return _awardBid(terms, _bidFor(terms), PRICE);
    }

    function _awardBid(Terms memory terms, Bid memory bid, uint96 price) internal returns (bytes32 taskId) {
        taskId = _fund(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.prank(terms.awarder == address(0) ? terms.buyer : terms.awarder);
        escrow.award(terms, bid, signature, price, 0, "");
    }

    /// Submitted at the first second after the veto, where there is one.
    function _submitAwarded(Terms memory terms) internal returns (bytes32 taskId) {
        taskId = _award(terms);
        _skip(terms.vetoSeconds + 1);
        _submit(terms);
    }

    function _submitHired(Terms memory terms) internal returns (bytes32 taskId) {
        taskId = _fund(terms);
        _skip(1);
        _submit(terms);
    }

    function _submit(Terms memory terms) internal {
        vm.prank(agent);
        escrow.submit(terms, agentId, keccak256("deliverable"), "");
    }

    function _dispute(Terms memory terms) internal returns (bytes32 taskId) {
        taskId = terms.agent == address(0) ? _submitAwarded(terms) : _submitHired(terms);
        vm.prank(buyer);
        escrow.dispute(terms, keccak256("evidence"), "");
    }

    // signatures

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _typed(bytes32 intent) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", escrow.DOMAIN_SEPARATOR(), intent));
    }

    /// The buyer's EIP-3009 authorization whose nonce is the task's id.
    function _authorization(uint256 key, Terms memory terms, uint256 validBefore) internal view returns (bytes memory) {
        bytes32 intent = keccak256(
            abi.encode(
                usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                terms.buyer,
                address(escrow),
                uint256(terms.budget),
                uint256(0),
                validBefore,
                escrow.taskIdOf(terms)
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent)));
    }

    function _soon() internal view returns (uint40) {
        return uint40(_now() + 10 minutes);
    }

    /// `fields` is the encoded intent, type hash first, deadline last.
    function _auth(uint256 key, bytes memory fields) internal view returns (bytes memory) {
        return abi.encodePacked(_deadlineOf(fields), _sign(key, _typed(keccak256(fields))));
    }

    function _authAs(uint8 role, uint256 key, bytes memory fields) internal view returns (bytes memory) {
        return abi.encodePacked(_deadlineOf(fields), role, _sign(key, _typed(keccak256(fields))));
    }

    function _deadlineOf(bytes memory fields) internal pure returns (uint40 deadline) {
        assembly ("memory-safe") {
            deadline := mload(add(fields, mload(fields)))
        }
    }

    // time and what is seen

    /// Asked of the machine, since the optimizer may keep `block.timestamp` across a warp.
    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _skip(uint256 duration) internal {
        vm.warp(_now() + duration);
    }

    function _stateOf(bytes32 taskId) internal view returns (State state) {
        (state,,,,,) = escrow.taskOf(taskId);
    }

    function _remainingOf(bytes32 taskId) internal view returns (uint96 remaining) {
        (, remaining,,,,) = escrow.taskOf(taskId);
    }

    function _sinceOf(bytes32 taskId) internal view returns (uint40 since) {
        (,, since,,,) = escrow.taskOf(taskId);
    }

    function _assertState(bytes32 taskId, State expected) internal view {
        vm.assertEq(uint256(_stateOf(taskId)), uint256(expected));
    }

    /// INV-5: a finished id keeps its state and the agent's, and nothing else.
    function _assertEnded(bytes32 taskId, State expected) internal view {
        (State state, uint96 remaining, uint40 since,, address worker, address paid) = escrow.taskOf(taskId);
        vm.assertEq(uint256(state), uint256(expected));
        vm.assertEq(uint256(remaining) + since, 0);
        vm.assertEq(worker, address(0));
        vm.assertEq(paid, address(0));
    }

    function _fee(uint256 amount) internal pure returns (uint256) {
        return (amount * FEE_BPS + 9_999) / 10_000;
    }
}
