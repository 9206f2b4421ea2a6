// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HandlerChannels} from "./HandlerChannels.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, State} from "../src/interfaces/ITaskEscrow.sol";

/// @title Random people doing random verbs, with a ghost ledger beside them.
/// @notice Every verb picks a task that may take it, now and then one that may not, and a time near an edge; what
/// reverts changed nothing and is counted. The token refuses some people at random and stops at times, so that debts
/// come up.
contract Handler is HandlerChannels {
    uint256 public donated;
    uint256 public donatedToChannels;

    constructor() {
        setUp();
        usdc.mint(buyer, 1e18);
        usdc.mint(stranger, 1e18);
        vm.prank(stranger);
        usdc.approve(address(escrow), type(uint256).max);
        credited[buyer] = int256(usdc.balanceOf(buyer));
        credited[stranger] = int256(usdc.balanceOf(stranger));
        vm.recordLogs();
    }

    /// Public in its parents, but not for the fuzzer to begin anew.
    function setUp() public virtual override {
        if (address(escrow) == address(0)) super.setUp();
    }

    // the world

    /// To somebody who is owed, if there is one.
    function withdraw(uint256 who) external {
        who = uint128(who);
        for (uint256 i; i < 4 && escrow.owed(_person(who)) + channels.owed(_person(who)) == 0; ++i) {
            ++who;
        }
        if (who % 8 != 0) _settleDown();
        _try("withdraw", stranger, abi.encodeCall(escrow.withdraw, (_person(who))));
        if (channels.owed(_person(who)) == 0) return;
        _tryAt("withdraw", stranger, address(channels), abi.encodeCall(channels.withdraw, (_person(who))));
    }

    function collectFees() external {
        _try("collectFees", stranger, abi.encodeCall(escrow.collectFees, ()));
    }

    /// Seldom and shortly, since it only ever stops what begins.
    function pauseFunding(uint256 duration) external {
        uint40 until = uint40(_now() + (duration % 3 minutes));
        _try("pauseFunding", guardian, abi.encodeCall(escrow.pauseFunding, (until)));
    }

    /// The token turns against one more person, stops, or likes everybody again.
    function upset(uint256 who) external virtual {
        if (who % 16 < 7) usdc.blacklist(_person(who >> 4));
        else if (who % 16 == 7) usdc.pause();
        else _settleDown();
    }

    function _settleDown() internal virtual {
        if (usdc.paused()) usdc.unpause();
        for (uint256 i; i < 4; ++i) {
            usdc.unBlacklist(_person(i));
        }
    }

    function donate(uint256 amount) external virtual {
        _settleDown();
        uint256 gift = uint256(amount % 1e6) + 1;
        usdc.mint(amount % 2 == 0 ? address(escrow) : address(channels), gift);
        if (amount % 2 == 0) donated += gift;
        else donatedToChannels += gift;
    }

    function pass(uint256 duration) external {
        _skip(duration % 2 hours);
    }

    // reads for the invariants

    function count() external view returns (uint256) {
        return ids.length;
    }

    function ghostOf(bytes32 taskId) external view returns (Ghost memory) {
        return _ghosts[taskId];
    }

    function childrenOf(bytes32 parentId) external view returns (bytes32[] memory) {
        return _children[parentId];
    }

    function capOf(bytes32 taskId) external view returns (uint256) {
        return _caps[taskId];
    }

    function stateOf(bytes32 taskId) external view returns (State) {
        return _stateOf(taskId);
    }

    function remainingOf(bytes32 taskId) external view returns (uint256) {
        return _remainingOf(taskId);
    }

    function balanceOf(address person) external view returns (uint256) {
        return usdc.balanceOf(person);
    }

    function supply() external view returns (uint256) {
        return usdc.totalSupply();
    }

    function people() public view returns (address[5] memory) {
        return [buyer, agent, worker, payee, stranger];
    }

    function book() external view returns (ITaskEscrow) {
        return escrow;
    }

    function theFeeOwner() external view returns (address) {
        return feeOwner;
    }

    function _person(uint256 who) internal view returns (address) {
        return people()[who % 4];
    }
}
