// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibClone} from "solady/src/utils/LibClone.sol";
import {ISplitterFactory} from "./interfaces/ISplitterFactory.sol";
import {Splitter} from "./Splitter.sol";

/// @title Makes splitters whose address is their configuration.
contract SplitterFactory is ISplitterFactory {
    uint256 private constant MAX_PAYEES = 32;

    address public immutable token;
    address public immutable implementation;

    constructor(address token_) {
        if (token_ == address(0)) revert ZeroToken();
        token = token_;
        implementation = address(new Splitter(token_));
    }

    /// @inheritdoc ISplitterFactory
    function deploy(address[] calldata payees, uint96[] calldata shares) external returns (address splitter) {
        bool exists;
        (exists, splitter) = LibClone.createDeterministicClone(implementation, _configuration(payees, shares), 0);
        if (!exists) emit SplitterDeployed(splitter, payees, shares);
    }

    /// @inheritdoc ISplitterFactory
    function splitterOf(address[] calldata payees, uint96[] calldata shares) external view returns (address) {
        bytes memory configuration = _configuration(payees, shares);
        return LibClone.predictDeterministicAddress(implementation, configuration, 0, address(this));
    }

    function _configuration(address[] calldata payees, uint96[] calldata shares) private view returns (bytes memory) {
        uint256 count = payees.length;
        if (count == 0 || count > MAX_PAYEES) revert PayeesOutOfBounds(count, MAX_PAYEES);
        if (shares.length != count) revert LengthsDiffer(count, shares.length);
        bytes32[] memory words = new bytes32[](count);
        address previous = address(0);
        for (uint256 i; i < count; ++i) {
            address payee = payees[i];
            if (payee <= previous) revert PayeesNotAscending(payee, previous);
            if (payee == token) revert BadPayee(payee);
            if (shares[i] == 0) revert ShareZero(payee);
            words[i] = bytes32(abi.encodePacked(payee, shares[i]));
            previous = payee;
        }
        return abi.encodePacked(words);
    }
}
