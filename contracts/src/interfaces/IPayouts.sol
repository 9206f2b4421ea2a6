// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title How money of one token leaves a contract: pushed, or owed where the push failed.
interface IPayouts {
    event Withdrawn(address indexed owner, uint256 amount);

    error ZeroParty();
    error BadPayee(address actual);
    error NothingOwed(address owner);
    error TransferFailed();
    error TransferShort(uint256 actual, uint256 required);
    error OutOfPushGas(uint256 actual, uint256 required);

    /// @notice Sends what is owed to its owner, whoever calls.
    function withdraw(address owner) external;

    /// @notice Base units that a failed push has left for `owner`.
    function owed(address owner) external view returns (uint256);
    function totalOwed() external view returns (uint256);
    function token() external view returns (address);
}
