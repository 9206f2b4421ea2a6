// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelHandler} from "./ChannelHandler.sol";
import {vm} from "../Vm.sol";
import {ChannelState} from "../../src/interfaces/IPaymentChannel.sol";

/// The numbers are those of contracts/INVARIANTS.md.
contract ChannelInvariantsTest {
    ChannelHandler private handler;

    function setUp() public {
        handler = new ChannelHandler();
    }

    /// What the fuzzer calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// All at once: each invariant of its own would be a walk of its own.
    function invariant_channels_keep_their_books() external view {
        _assertAll();
    }

    /// Else the invariants would hold of nothing.
    function test_a_random_walk_does_every_verb_with_channels() external {
        bytes4[17] memory steps = [
            ChannelHandler.open.selector,
            ChannelHandler.open.selector,
            ChannelHandler.openAgain.selector,
            ChannelHandler.topUp.selector,
            ChannelHandler.redeem.selector,
            ChannelHandler.redeem.selector,
            ChannelHandler.redeemBatch.selector,
            ChannelHandler.startClose.selector,
            ChannelHandler.finishClose.selector,
            ChannelHandler.finishClose.selector,
            ChannelHandler.closeTogether.selector,
            ChannelHandler.fundTask.selector,
            ChannelHandler.withdraw.selector,
            ChannelHandler.refuse.selector,
            ChannelHandler.callBack.selector,
            ChannelHandler.passToAnEdge.selector,
            ChannelHandler.passToAnEdge.selector
        ];
        for (uint256 i; i < 2_000; ++i) {
            bytes32 seed = keccak256(abi.encode(i));
            bytes4 step = steps[uint256(seed) % 17];
            uint256 pick = uint256(seed) >> 16;
            bytes memory arguments = abi.encode(pick, uint256(uint32(bytes4(seed))), uint256(uint24(pick >> 9)));
            (bool done,) = address(handler).call(bytes.concat(step, arguments));
            vm.assertTrue(done);
            if (i % 250 == 0) _assertAll();
        }
        bytes32[9] memory verbs = [
            bytes32("open"),
            "topUp",
            "redeem",
            "redeemBatch",
            "startClose",
            "finishClose",
            "closeTogether",
            "fundTask",
            "withdraw"
        ];
        for (uint256 i; i < verbs.length; ++i) {
            vm.assertGe(handler.succeeded(verbs[i]), 3, string(abi.encodePacked(verbs[i])));
        }
        _assertAll();
    }

    function _assertAll() private view {
        _assertBalanceIsWhatIsLeftAndOwed();
        _assertNoChannelPaysMoreThanItsDeposit();
        _assertEachPayeeHadWhatTheEventsSay();
        _assertChannelsCloseOnceAndForAll();
        _assertDebtsAddUp();
        _assertNoUnitIsMadeOrLost();
    }

    /// INV-30
    function _assertBalanceIsWhatIsLeftAndOwed() private view {
        uint256 left;
        for (uint256 i; i < handler.count(); ++i) {
            (, uint256 deposit, uint256 settled) = handler.slotOf(handler.ids(i));
            left += deposit - settled;
        }
        vm.assertEq(handler.channelsBalance(), left + handler.totalOwed() + handler.donated());
    }

    /// INV-31
    function _assertNoChannelPaysMoreThanItsDeposit() private view {
        vm.assertEq(handler.overpayments(), 0);
        for (uint256 i; i < handler.count(); ++i) {
            (uint256 deposited, uint256 redeemed, uint256 returned, uint256 tasks,) = handler.ghosts(handler.ids(i));
            (, uint256 deposit, uint256 settled) = handler.slotOf(handler.ids(i));
            vm.assertEq(settled, redeemed);
            vm.assertEq(deposited, deposit - settled + redeemed + returned + tasks);
        }
    }

    /// INV-33
    function _assertEachPayeeHadWhatTheEventsSay() private view {
        for (uint256 i; i < handler.count(); ++i) {
            (, uint256 redeemed,,,) = handler.ghosts(handler.ids(i));
            vm.assertEq(handler.paidToAll(i), redeemed);
        }
    }

    /// INV-35
    function _assertChannelsCloseOnceAndForAll() private view {
        vm.assertEq(handler.resurrections(), 0);
        for (uint256 i; i < handler.count(); ++i) {
            (,,,, uint256 closes) = handler.ghosts(handler.ids(i));
            (ChannelState state, uint256 deposit, uint256 settled) = handler.slotOf(handler.ids(i));
            vm.assertEq(closes, state == ChannelState.Closed ? 1 : 0);
            if (closes == 1) vm.assertEq(deposit, settled);
        }
    }

    /// INV-37
    function _assertDebtsAddUp() private view {
        vm.assertEq(handler.totalOwed(), handler.owedToAll());
    }

    /// INV-30
    function _assertNoUnitIsMadeOrLost() private view {
        vm.assertEq(handler.heldOutside() + handler.channelsBalance(), handler.MINTED() + handler.donated());
    }
}
