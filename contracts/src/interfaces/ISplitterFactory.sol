// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Makes splitters whose address is their configuration.
/// @notice The address is known, and can be paid, before anybody deploys there. `payees` ascend, so that one split has
/// one address.
interface ISplitterFactory {
    event SplitterDeployed(address indexed splitter, address[] payees, uint96[] shares);

    error ZeroToken();
    error PayeesOutOfBounds(uint256 actual, uint256 max);
    error LengthsDiffer(uint256 payees, uint256 shares);
    error PayeesNotAscending(address actual, address previous);
    error BadPayee(address actual);
    error ShareZero(address payee);

    /// @notice Deploys the splitter of 1 to 32 payees, or finds it where somebody already has. Whoever calls.
    function deploy(address[] calldata payees, uint96[] calldata shares) external returns (address splitter);

    /// @notice Where the splitter of this configuration is, or will be. Refuses what `deploy` refuses.
    function splitterOf(address[] calldata payees, uint96[] calldata shares) external view returns (address);

    function implementation() external view returns (address);
    function token() external view returns (address);
}
