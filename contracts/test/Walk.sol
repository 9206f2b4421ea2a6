// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {vm, Vm} from "./Vm.sol";
import {ChannelState, IPaymentChannel} from "../src/interfaces/IPaymentChannel.sol";
import {State} from "../src/interfaces/ITaskEscrow.sol";

/// @title What must hold after every step, and what is counted of the steps.
/// @notice The numbers are those of contracts/INVARIANTS.md. All are checked in one walk, so that a deep run walks once.
abstract contract Walk {
    Handler internal handler;

    /// What the fuzzer calls, and nothing else that a test deploys.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (Vm.FuzzSelector[] memory targets) {
        targets = new Vm.FuzzSelector[](1);
        targets[0] = Vm.FuzzSelector(address(handler), _steps());
    }

    /// Where GUILDHALL_WALKS names a folder, each walk leaves a line with its counts, for devnet/walks.py to sum up.
    function afterInvariant() external {
        string memory folder = vm.envOr("GUILDHALL_WALKS", string(""));
        if (bytes(folder).length == 0) return;
        string memory line;
        bytes32[] memory verbs = _verbs();
        for (uint256 i; i < verbs.length; ++i) {
            line = string.concat(line, _count(_word(verbs[i]), handler.succeeded(verbs[i]), handler.reverted(verbs[i])));
        }
        string[5] memory ends = ["Released", "Claimed", "Settled", "Ruled", "Refunded"];
        for (uint256 i; i < ends.length; ++i) {
            line = string.concat(line, _count(ends[i], handler.ended(State(uint256(State.Released) + i)), 0));
        }
        line = string.concat(line, _count("ClosedAlone", handler.channelsClosed(false), 0));
        line = string.concat(line, _count("ClosedTogether", handler.channelsClosed(true), 0));
        line = string.concat(line, _count("VoucherSkipped", handler.vouchersSkipped(), 0));
        vm.writeLine(string.concat(folder, "/", _name(), ".txt"), line);
    }

    function _name() internal pure virtual returns (string memory) {
        return "strict";
    }

    function _count(string memory what, uint256 done, uint256 refused) private pure returns (string memory) {
        return string.concat(what, " ", vm.toString(done), " ", vm.toString(refused), ",");
    }

    function _checkTheBooks() internal view {
        _checkBalance();
        _checkDebts();
        _checkFees();
        vm.assertEq(handler.resurrections(), 0, "INV-5: nothing happens to a task that is over");
        vm.assertEq(handler.revokedAwards(), 0, "INV-22: a revoked bid is awarded never again");
        for (uint256 i; i < handler.count(); ++i) {
            _checkTask(handler.ids(i));
        }
        _checkChannels();
    }

    /// INV-30, INV-31 and INV-33, beside tasks over the same token.
    function _checkChannels() private view {
        IPaymentChannel channels = handler.channelBook();
        uint256 held;
        for (uint256 i; i < handler.channelCount(); ++i) {
            held += _checkChannel(channels, handler.channelIds(i));
        }
        uint256 liabilities = held + channels.totalOwed() + handler.donatedToChannels();
        vm.assertEq(handler.balanceOf(address(channels)), liabilities, "the channels' balance is what is left and owed");
        uint256 debts;
        for (uint256 i; i < 5; ++i) {
            debts += channels.owed(handler.people()[i]);
        }
        vm.assertEq(channels.totalOwed(), debts, "the channels' debts add up");
    }

    function _checkChannel(IPaymentChannel channels, bytes32 channelId) private view returns (uint256 left) {
        (ChannelState state, uint96 deposit, uint96 settled,) = channels.channelOf(channelId);
        Handler.ChannelGhost memory ghost = handler.channelGhostOf(channelId);
        bool over = state == ChannelState.Closed;
        vm.assertEq(ghost.closes, over ? 1 : 0, "a channel closes once");
        left = over ? 0 : uint256(deposit) - settled;
        uint256 out = left + ghost.toTasks + ghost.redeemed + ghost.closed;
        vm.assertEq(ghost.deposited, out, "a channel pays its deposit and no more");
    }

    function _checkBalance() private view {
        uint256 held;
        for (uint256 i; i < handler.count(); ++i) {
            held += handler.remainingOf(handler.ids(i));
        }
        uint256 liabilities = held + handler.book().totalOwed() + handler.book().feesAccrued();
        uint256 balance = handler.balanceOf(address(handler.book()));
        vm.assertEq(balance, liabilities + handler.donated(), "INV-1: the balance is what is held, owed and earned");
    }

    function _checkDebts() private view {
        uint256 debts;
        for (uint256 i; i < 5; ++i) {
            debts += handler.book().owed(handler.people()[i]);
        }
        vm.assertEq(handler.book().totalOwed(), debts, "INV-4: debts add up");
    }

    function _checkFees() private view {
        uint256 earned = handler.book().feesAccrued() + handler.feesCollected();
        vm.assertEq(handler.fees(), earned, "INV-7: fees are accrued or collected");
    }

    function _checkTask(bytes32 taskId) private view {
        Handler.Ghost memory ghost = handler.ghostOf(taskId);
        uint256 remaining = handler.remainingOf(taskId);
        uint256 in_ = ghost.deposited + ghost.takenBack;
        vm.assertEq(in_, remaining + ghost.passedOn + ghost.toAgent + ghost.toBuyer, "INV-2: events tell each unit");
        bool over = handler.stateOf(taskId) > State.Disputed;
        vm.assertEq(ghost.finishes, over ? 1 : 0, "INV-5: a task ends once");
        if (over) vm.assertEq(remaining, 0, "INV-5: and keeps nothing");
        bool rated = handler.book().rated(taskId);
        vm.assertEq(ghost.ratings, rated ? 1 : 0, "INV-12: a task is rated once");
        if (rated) vm.assertTrue(over, "INV-12: only when it is over");
        _checkChildren(taskId, ghost, over);
    }

    /// INV-19: what is passed on is with open children or was spent by them; the cap holds.
    function _checkChildren(bytes32 taskId, Handler.Ghost memory ghost, bool over) private view {
        bytes32[] memory children = handler.childrenOf(taskId);
        if (children.length == 0) return;
        (uint256 running, uint256 outside) = (0, 0);
        for (uint256 i; i < children.length; ++i) {
            Handler.Ghost memory child = handler.ghostOf(children[i]);
            if (child.finishes == 0) ++running;
            outside += handler.remainingOf(children[i]) + child.toAgent;
        }
        (uint8 open, uint96 delegated, address payer) = handler.book().childrenOf(taskId);
        vm.assertEq(payer, ghost.payer);
        vm.assertEq(delegated, ghost.passedOn - ghost.takenBack, "INV-19: delegated is net");
        vm.assertEq(open, over ? 0 : running, "INV-19: open children are counted");
        if (!over) vm.assertEq(delegated, outside, "INV-19: delegated is in children or spent by them");
        vm.assertGe(8, open, "INV-19: at most eight");
        vm.assertGe(handler.capOf(taskId), delegated, "INV-19: never above the cap");
    }

    /// Some steps without the fuzzer.
    function _walk(uint256 length) internal {
        bytes4[] memory steps = _steps();
        for (uint256 i; i < length; ++i) {
            bytes32 seed = keccak256(abi.encode(i));
            bytes memory words = abi.encode(seed, keccak256(abi.encode(seed, 1)), keccak256(abi.encode(seed, 2)), seed);
            (bool done,) = address(handler).call(bytes.concat(steps[uint256(seed) % steps.length], words));
            vm.assertTrue(done);
        }
    }

    /// INV-3, person by person: what each has and is owed is what the events gave him.
    function _checkTheMoneyOfEach() internal view {
        address[5] memory people = handler.people();
        uint256 all = handler.balanceOf(address(handler.book())) + handler.balanceOf(handler.theFeeOwner());
        all += handler.balanceOf(address(handler.channelBook()));
        for (uint256 i; i < people.length; ++i) {
            uint256 has = handler.balanceOf(people[i]);
            all += has;
            int256 due = int256(has + handler.book().owed(people[i]) + handler.channelBook().owed(people[i]));
            vm.assertEq(due, handler.credited(people[i]));
        }
        vm.assertEq(all, handler.supply(), "INV-3: no unit is made or lost");
    }

    function _steps() internal view virtual returns (bytes4[] memory steps) {
        bytes4[44] memory all = [
            handler.fund.selector,
            handler.fund.selector,
            handler.fundFor.selector,
            handler.fundWithAuthorization.selector,
            handler.fundWithPermit.selector,
            handler.fundBatch.selector,
            handler.awardAndFund.selector,
            handler.fundChild.selector,
            handler.fundChild.selector,
            handler.award.selector,
            handler.award.selector,
            handler.revokeBid.selector,
            handler.veto.selector,
            handler.veto.selector,
            handler.submit.selector,
            handler.submit.selector,
            handler.work.selector,
            handler.work.selector,
            handler.release.selector,
            handler.claim.selector,
            handler.cancel.selector,
            handler.dispute.selector,
            handler.cancelTogether.selector,
            handler.reclaim.selector,
            handler.dispute.selector,
            handler.settle.selector,
            handler.rule.selector,
            handler.ruleByDefault.selector,
            handler.ruleByDefault.selector,
            handler.multicall.selector,
            handler.giveTaskFeedback.selector,
            handler.withdraw.selector,
            handler.withdraw.selector,
            handler.collectFees.selector,
            handler.openChannel.selector,
            handler.topUp.selector,
            handler.redeem.selector,
            handler.redeemBatch.selector,
            handler.startClose.selector,
            handler.finishClose.selector,
            handler.finishClose.selector,
            handler.closeTogether.selector,
            handler.fundTask.selector,
            handler.upset.selector
        ];
        steps = new bytes4[](47);
        for (uint256 i; i < all.length; ++i) {
            steps[i] = all[i];
        }
        (steps[44], steps[45], steps[46]) =
        (handler.donate.selector, handler.pass.selector, handler.pauseFunding.selector);
    }

    function _verbs() internal pure returns (bytes32[] memory verbs) {
        bytes32[33] memory all = [
            bytes32("fund"),
            "fundFor",
            "fundWithAuthorization",
            "fundWithPermit",
            "fundBatch",
            "awardAndFund",
            "fundChild",
            "award",
            "revokeBid",
            "veto",
            "submit",
            "release",
            "claim",
            "cancel",
            "cancelTogether",
            "reclaim",
            "dispute",
            "settle",
            "rule",
            "ruleByDefault",
            "multicall",
            "giveTaskFeedback",
            "withdraw",
            "collectFees",
            "pauseFunding",
            "openChannel",
            "topUp",
            "redeem",
            "redeemBatch",
            "startClose",
            "finishClose",
            "closeTogether",
            "fundTask"
        ];
        verbs = new bytes32[](all.length);
        for (uint256 i; i < all.length; ++i) {
            verbs[i] = all[i];
        }
    }

    /// Without the zeros that fill the word.
    function _word(bytes32 word) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && word[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = word[i];
        }
        return string(text);
    }
}
