// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title Addresses that depend on who deploys and on a salt, and not on what is deployed.
/// @notice Contracts that need each other's address, which constructor arguments under CREATE2 cannot give, learn it
/// here before either exists. Nobody can take the address of another's salt.
interface ICreate3Factory {
    event ContractDeployed(address indexed deployer, bytes32 indexed salt, address indexed deployed);

    /// @notice Runs `creationCode`, constructor arguments included, at `addressOf(msg.sender, salt)`. Reverts where
    /// something was deployed there before, where the constructor reverts, and where it leaves no code.
    function deploy(bytes32 salt, bytes calldata creationCode) external returns (address deployed);

    function addressOf(address deployer, bytes32 salt) external view returns (address);
}
