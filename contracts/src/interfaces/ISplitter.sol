// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title A payee that is several payees.
/// @notice Whatever arrives of the one token belongs to the payees by share, from the first unit on, also what arrived
/// before the splitter existed at its address. Nothing is pushed: each payee's part waits for `withdraw`, so nobody
/// can block anybody else. Division rounds down; the odd units, fewer than there are payees, count with what comes next.
interface ISplitter {
    event Withdrawn(address indexed payee, uint256 amount);

    error NotSplitter(address actual);
    error NotPayee(address actual);
    error NothingDue(address payee);
    error TransferFailed();

    /// @notice Sends what is due to a payee, whoever calls.
    function withdraw(address payee) external returns (uint256 amount);

    /// @notice What `withdraw` would send, in base units. Refused in the middle of a transfer.
    function dueTo(address payee) external view returns (uint256);

    /// @notice What `withdraw` has sent so far.
    function withdrawn(address payee) external view returns (uint256);
    function totalWithdrawn() external view returns (uint256);

    /// @notice The configuration, as it was deployed.
    function split() external view returns (address[] memory payees, uint96[] memory shares);

    function token() external view returns (address);
}
