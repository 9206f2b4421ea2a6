// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A party that does as it is told and approves every signature.
contract Puppet {
    function act(address target, bytes calldata call_) external returns (bool done) {
        (done,) = target.call(call_);
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// @title Everything at once: calls that are all tried in the middle of one transfer.
contract Storm {
    struct Try {
        Puppet who;
        address target;
        bytes call_;
    }

    Try[] private _tries;
    string[] private _names;
    mapping(string name => bool) public succeeded;
    bool public ran;

    function add(string calldata name, Puppet who, address target, bytes calldata call_) external {
        _names.push(name);
        _tries.push(Try(who, target, call_));
    }

    function run() external {
        ran = true;
        for (uint256 i; i < _tries.length; ++i) {
            if (_tries[i].who.act(_tries[i].target, _tries[i].call_)) succeeded[_names[i]] = true;
        }
    }

    /// The names of what succeeded, each followed by a space.
    function successes() external view returns (string memory all) {
        for (uint256 i; i < _names.length; ++i) {
            if (succeeded[_names[i]]) all = string.concat(all, _names[i], " ");
        }
    }
}
