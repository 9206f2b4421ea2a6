// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPermit2} from "../src/interfaces/IPermit2.sol";

/// @title A token that only counts: what left its caller, and what came in.
/// @notice Whether it pays is the proof's choice, so that both a payment and a debt are proven.
contract ProofToken {
    bool public pays;
    uint256 public sent;
    uint256 public received;
    uint256 public approved;
    mapping(address to => uint256) public sentTo;

    function choose(bool pays_) external {
        pays = pays_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (!pays) return false;
        sent += amount;
        sentTo[to] += amount;
        return true;
    }

    function transferFrom(address, address, uint256 amount) external returns (bool) {
        received += amount;
        return true;
    }

    function approve(address, uint256 amount) external returns (bool) {
        approved += amount;
        return true;
    }

    function receiveWithAuthorization(address, address, uint256 amount, uint256, uint256, bytes32, bytes calldata)
        external
    {
        received += amount;
    }

    /// @dev Carried before, or refused for whatever reason, where the token does not pay: both must be passed over.
    function permit(address, address, uint256, uint256, bytes calldata) external view {
        require(pays);
    }

    function permitWitnessTransferFrom(
        IPermit2.PermitTransferFrom calldata,
        IPermit2.SignatureTransferDetails calldata details,
        address,
        bytes32,
        string calldata,
        bytes calldata
    ) external {
        received += details.requestedAmount;
    }

    /// @dev The escrow measures differences only.
    function balanceOf(address) external view returns (uint256) {
        return received;
    }
}

/// @title A registry in which everybody controls every agent: who may act is not what is proven here.
contract ProofRegistry {
    function isController(address, uint256) external pure returns (bool) {
        return true;
    }
}
