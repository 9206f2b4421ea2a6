// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {Bid, State, Terms} from "../src/interfaces/ITaskEscrow.sol";
import {Authorization, PermitSignature} from "../src/interfaces/Terms.sol";
import {TaskSlot} from "../src/escrow/TaskSlot.sol";
import {EscrowWorld} from "./EscrowHarness.sol";

/// @title INV-2, INV-3, INV-5: every verb conserves, for all terms, stored words, amounts, times and senders, whether
/// the token pays or not; none touches another task; none but funding starts from nothing; none leaves a terminal state.
/// @notice Tasks that no task pays for; ChildrenProof has the others. Where a verb wants one party, it is the sender;
/// where it wants two, the sender is both.
contract EscrowProof is EscrowWorld {
    function check_release(World calldata world, uint96 amount) external {
        bytes32 taskId = _enter(world);
        escrow.release(world.terms, amount, "");
        _leave(world, taskId);
    }

    function check_claim(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.claim(world.terms, "");
        _leave(world, taskId);
    }

    function check_veto(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.veto(world.terms, "");
        _leave(world, taskId);
    }

    function check_cancel(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.cancel(world.terms, "");
        _leave(world, taskId);
    }

    function check_cancelTogether(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.cancelTogether(world.terms, "", "");
        _leave(world, taskId);
    }

    function check_reclaim(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.reclaim(world.terms);
        _leave(world, taskId);
    }

    function check_submit(World calldata world, uint256 agentId, bytes32 deliverable) external {
        bytes32 taskId = _enter(world);
        escrow.submit(world.terms, agentId, deliverable, "");
        _leave(world, taskId);
    }

    function check_dispute(World calldata world, bytes32 evidence) external {
        bytes32 taskId = _enter(world);
        escrow.dispute(world.terms, evidence, "");
        _leave(world, taskId);
    }

    function check_settle(World calldata world, uint96 toAgent) external {
        bytes32 taskId = _enter(world);
        escrow.settle(world.terms, toAgent, "", "");
        _leave(world, taskId);
    }

    function check_rule(World calldata world, uint16 shareBps) external {
        bytes32 taskId = _enter(world);
        escrow.rule(world.terms, shareBps, 0, "");
        _leave(world, taskId);
    }

    function check_ruleByDefault(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.ruleByDefault(world.terms);
        _leave(world, taskId);
    }

    function check_award(World calldata world, Bid calldata bid, uint96 price, bytes32 r, bytes32 s) external {
        bytes32 taskId = _enter(world);
        vm.assume(world.task.remainingOf() == world.terms.budget);
        escrow.award(world.terms, bid, abi.encodePacked(r, s, uint8(27)), price, 0, "");
        _leave(world, taskId);
        assert(_remaining(taskId) == price && price <= world.terms.budget);
    }

    function check_fund(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.fund(world.terms, "");
        _leaveFunded(world, taskId);
    }

    function check_fundFor(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.fundFor(world.terms, "");
        _leaveFunded(world, taskId);
    }

    function check_fundWithAuthorization(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.fundWithAuthorization(world.terms, 0, 0, "");
        _leaveFunded(world, taskId);
    }

    function check_fundWithPermit(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.fundWithPermit(world.terms, PermitSignature(0, 0, ""), "");
        _leaveFunded(world, taskId);
    }

    function check_fundWithPermit2(World calldata world) external {
        bytes32 taskId = _enter(world);
        escrow.fundWithPermit2(world.terms, 0, 0, "");
        _leaveFunded(world, taskId);
    }

    /// From nothing, by an authorization or the buyer's allowance, and on a task that somebody funded before.
    function check_awardAndFund(
        World calldata world,
        Bid calldata bid,
        uint96 price,
        bytes32 r,
        bytes32 s,
        bool authorized
    ) external {
        bytes32 taskId = _enter(world);
        bool funded = TaskSlot.unwrap(world.task) != 0;
        vm.assume(!funded || world.task.remainingOf() == world.terms.budget);
        bytes memory signature = abi.encodePacked(r, s, uint8(27));
        Authorization memory funding = Authorization(0, 0, authorized ? signature : bytes(""));
        escrow.awardAndFund(world.terms, bid, signature, price, 0, "", funding);
        assert(token.received() == (funded ? 0 : world.terms.budget));
        assert(_remaining(taskId) == price && _gone() == world.terms.budget - price);
        assert(!funded || world.task.stateOf() == State.Funded);
        assert(escrow.wordOf(taskId).stateOf() == State.Awarded);
        assert(_isSame(escrow.wordOf(world.otherId), world.other));
    }

    function check_fund_admits_only_a_real_buyer(Terms calldata terms, address sender) external {
        vm.prank(sender);
        escrow.fund(terms, "");
        assert(terms.buyer != address(0) && terms.budget != 0 && terms.parent == 0);
    }

    function _enter(World calldata world) private returns (bytes32 taskId) {
        vm.assume(world.terms.parent == 0);
        taskId = _place(world);
        vm.prank(world.sender);
    }

    function _leave(World calldata world, bytes32 taskId) private view {
        assert(world.task.remainingOf() == _remaining(taskId) + _gone());
        assert(token.received() == 0);
        assert(world.task.stateOf() != State.None && world.task.stateOf() <= State.Disputed);
        assert(escrow.wordOf(taskId).stateOf() >= world.task.stateOf());
        assert(_isSame(escrow.wordOf(world.otherId), world.other));
    }

    function _leaveFunded(World calldata world, bytes32 taskId) private view {
        assert(token.received() == world.terms.budget && _remaining(taskId) == world.terms.budget && _gone() == 0);
        assert(TaskSlot.unwrap(world.task) == 0);
        assert(escrow.wordOf(taskId).stateOf() == State.Funded);
        assert(_isSame(escrow.wordOf(world.otherId), world.other));
    }
}
