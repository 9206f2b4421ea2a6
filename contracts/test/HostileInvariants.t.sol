// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HostileHandler} from "./HostileHandler.sol";
import {vm, Vm} from "./Vm.sol";
import {Walk} from "./Walk.sol";

/// Over a token that does what tokens should not, and calls back into the middle of everything.
contract HostileInvariantsTest is Walk {
    function setUp() public {
        handler = new HostileHandler();
    }

    function invariant_the_books_agree_whatever_the_token_does() external view {
        _checkTheBooks();
    }

    /// Else nothing would have been called back.
    function test_a_random_walk_is_called_back() external {
        _walk(800);
        _checkTheBooks();
        vm.assertGe(HostileHandler(address(handler)).callbacks(), 8, "called back");
    }

    function _name() internal pure override returns (string memory) {
        return "hostile";
    }

    /// Everything that the others do, and the callback.
    function _steps() internal view override returns (bytes4[] memory steps) {
        bytes4[] memory theirs = super._steps();
        steps = new bytes4[](theirs.length + 2);
        for (uint256 i; i < theirs.length; ++i) {
            steps[i] = theirs[i];
        }
        steps[theirs.length] = HostileHandler.callBack.selector;
        steps[theirs.length + 1] = HostileHandler.callBack.selector;
    }
}
