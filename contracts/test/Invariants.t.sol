// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {vm, Vm} from "./Vm.sol";
import {Walk} from "./Walk.sol";
import {State} from "../src/interfaces/ITaskEscrow.sol";

/// Over a token as strict as USDC, which blacklists and pauses.
contract InvariantsTest is Walk {
    function setUp() public {
        handler = new Handler();
    }

    function invariant_the_books_agree_whatever_people_do() external view {
        _checkTheBooks();
        _checkTheMoneyOfEach();
    }

    /// Else the invariants would hold of nothing.
    function test_a_random_walk_does_every_verb() external {
        _walk(3_000);
        _checkTheBooks();
        _checkTheMoneyOfEach();
        bytes32[] memory verbs = _verbs();
        for (uint256 i; i < verbs.length; ++i) {
            vm.assertGe(handler.succeeded(verbs[i]), 3, string(abi.encodePacked(verbs[i])));
        }
        for (uint256 i = uint256(State.Released); i <= uint256(State.Refunded); ++i) {
            vm.assertGe(handler.ended(State(i)), 3, "each end is reached");
        }
    }
}
