// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {vm} from "./Vm.sol";

/// The numbers are those of contracts/INVARIANTS.md.
contract InvariantsTest {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    /// What the fuzzer calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// Else the invariants would hold of nothing.
    function test_a_random_walk_does_every_verb() external {
        bytes4[18] memory steps = [
            Handler.fund.selector,
            Handler.submit.selector,
            Handler.award.selector,
            Handler.award.selector,
            Handler.veto.selector,
            Handler.submit.selector,
            Handler.submit.selector,
            Handler.release.selector,
            Handler.claim.selector,
            Handler.cancel.selector,
            Handler.reclaim.selector,
            Handler.dispute.selector,
            Handler.settle.selector,
            Handler.rule.selector,
            Handler.ruleByDefault.selector,
            Handler.withdraw.selector,
            Handler.blacklist.selector,
            Handler.passToAnEdge.selector
        ];
        for (uint256 i; i < 8_000; ++i) {
            bytes32 seed = keccak256(abi.encode(i));
            bytes4 step = steps[uint256(seed) % 18];
            (bool done,) = address(handler).call(bytes.concat(step, _argumentsFor(step, seed)));
            vm.assertTrue(done);
        }
        bytes32[13] memory verbs = [
            bytes32("fund"),
            "award",
            "veto",
            "submit",
            "release",
            "claim",
            "cancel",
            "reclaim",
            "dispute",
            "settle",
            "rule",
            "ruleByDefault",
            "withdraw"
        ];
        for (uint256 i; i < verbs.length; ++i) {
            vm.assertGe(handler.succeeded(verbs[i]), 3, string(abi.encodePacked(verbs[i])));
        }
    }

    /// The pick is shifted, so that it does not depend on the step.
    function _argumentsFor(bytes4 step, bytes32 seed) private pure returns (bytes memory) {
        uint256 pick = uint256(seed) >> 16;
        if (step == Handler.passToAnEdge.selector) return abi.encode(pick, uint256(uint8(seed[3])));
        bool takesABool = step == Handler.cancel.selector || step == Handler.dispute.selector;
        if (takesABool) return abi.encode(pick, uint256(uint8(seed[1])) % 2);
        return abi.encode(pick, uint256(uint8(seed[1])) * 250, uint256(uint16(bytes2(seed))), uint256(uint8(seed[2])) * 39);
    }

    /// INV-1
    function invariant_the_balance_is_what_is_held_owed_and_earned() external view {
        uint256 held;
        for (uint256 i; i < handler.count(); ++i) {
            held += handler.remainingOf(handler.ids(i));
        }
        uint256 liabilities = held + handler.totalOwed() + handler.feesAccrued();
        vm.assertEq(handler.escrowBalance(), liabilities + handler.donated());
    }

    /// INV-2
    function invariant_each_deposit_is_accounted_for_by_events() external view {
        for (uint256 i; i < handler.count(); ++i) {
            bytes32 taskId = handler.ids(i);
            (uint256 deposited, uint256 toAgent, uint256 toBuyer,) = handler.ghosts(taskId);
            vm.assertEq(deposited, handler.remainingOf(taskId) + toAgent + toBuyer);
        }
    }

    /// INV-5
    function invariant_a_task_ends_once_and_for_all() external view {
        vm.assertEq(handler.resurrections(), 0);
        for (uint256 i; i < handler.count(); ++i) {
            bytes32 taskId = handler.ids(i);
            (,,, uint256 finishes) = handler.ghosts(taskId);
            vm.assertEq(finishes, handler.isOver(taskId) ? 1 : 0);
            if (finishes == 1) vm.assertEq(handler.remainingOf(taskId), 0);
        }
    }

    /// INV-4
    function invariant_debts_add_up() external view {
        vm.assertEq(handler.totalOwed(), handler.owedToAll());
    }

    /// INV-7
    function invariant_fees_are_accrued_or_collected() external view {
        vm.assertEq(handler.fees(), handler.feesAccrued() + handler.feesCollected());
    }

    /// INV-3
    function invariant_no_unit_is_made_or_lost() external view {
        vm.assertEq(handler.heldOutside() + handler.escrowBalance(), handler.minted());
    }
}
