// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CREATE3} from "solady/src/utils/CREATE3.sol";
import {ICreate3Factory} from "./interfaces/ICreate3Factory.sol";

/// @title Addresses that depend on who deploys and on a salt alone.
/// @dev Has no state, no owner and no constructor argument, so that it is placed by CREATE2 at one address on every
/// chain that has the deterministic deployment proxy, whoever places it.
contract Create3Factory is ICreate3Factory {
    /// @inheritdoc ICreate3Factory
    function deploy(bytes32 salt, bytes calldata creationCode) external returns (address deployed) {
        deployed = CREATE3.deployDeterministic(creationCode, _saltOf(msg.sender, salt));
        // Told last, against the order of everything else here: solady predicts the address in deploying, and a
        // constructor that calls back can only deploy under a salt of its own.
        emit ContractDeployed(msg.sender, salt, deployed);
    }

    /// @inheritdoc ICreate3Factory
    function addressOf(address deployer, bytes32 salt) external view returns (address) {
        return CREATE3.predictDeterministicAddress(_saltOf(deployer, salt));
    }

    function _saltOf(address deployer, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(deployer, salt));
    }
}
