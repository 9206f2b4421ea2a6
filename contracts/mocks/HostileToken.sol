// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that does what tokens should not.
contract HostileToken is ERC20 {
    enum Mode {
        Honest,
        /// Answers false and moves nothing.
        False,
        /// Keeps a hundredth of every transfer.
        Fee,
        /// Reverts with a megabyte.
        Bomb,
        /// Spends all gas that it is given.
        Burner,
        /// Answers nothing, like USDT.
        Mute
    }

    Mode public mode;
    address public refused;
    address public hook;
    bytes public hookCall;
    bool public hookSucceeded;

    constructor() ERC20("Hostile", "HOST") {}

    function mint(address to, uint256 amount) external returns (bool) {
        _mint(to, amount);
        return true;
    }

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    /// Transfers to this account revert.
    function refuse(address account) external {
        refused = account;
    }

    /// Called once, in the middle of the next transfer.
    function setHook(address target, bytes calldata call_) external {
        hook = target;
        hookCall = call_;
        hookSucceeded = false;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        _spendAllowance(from, msg.sender, value);
        return _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        require(to != refused, "refused");
        _callHook();
        if (mode == Mode.False) return false;
        if (mode == Mode.Bomb) _revertWithMegabyte();
        if (mode == Mode.Burner) while (true) {}
        _transfer(from, to, value);
        if (mode == Mode.Fee) _burn(to, value / 100);
        if (mode == Mode.Mute) _answerNothing();
        return true;
    }

    function _callHook() private {
        address target = hook;
        if (target == address(0)) return;
        delete hook;
        (bool done,) = target.call(hookCall);
        hookSucceeded = done;
    }

    function _revertWithMegabyte() private pure {
        assembly ("memory-safe") {
            revert(0, 1000000)
        }
    }

    function _answerNothing() private pure {
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}
