// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow} from "../src/interfaces/ITaskEscrow.sol";
import {IIdentityRegistry} from "../src/interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";
import {IPaymentChannel} from "../src/interfaces/IPaymentChannel.sol";
import {ISplitterFactory} from "../src/interfaces/ISplitterFactory.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {MockPermit2} from "../mocks/MockPermit2.sol";
import {PlainToken} from "../mocks/PlainToken.sol";

interface IAgentRegistry is IIdentityRegistry, IERC721Metadata {}

/// @title The contracts as they are shipped: the committed bytecode, never compiled for a test.
library Deployed {
    /// Where Permit2 lies on public chains.
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;

    function mockUSDC() internal returns (MockUSDC) {
        return MockUSDC(_deploy("MockUSDC", ""));
    }

    function plainToken() internal returns (PlainToken) {
        return PlainToken(_deploy("PlainToken", ""));
    }

    function mockPermit2() internal returns (MockPermit2) {
        return MockPermit2(_deploy("MockPermit2", ""));
    }

    function identityRegistry() internal returns (IAgentRegistry) {
        return IAgentRegistry(_deploy("IdentityRegistry", ""));
    }

    /// Knows the reputation registry that the same account deploys next.
    function taskEscrow(address token, address identity, address guardian, address feeOwner, uint16 feeBps)
        internal
        returns (ITaskEscrow)
    {
        address reputation = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        bytes memory arguments = abi.encode(token, identity, reputation, PERMIT2, guardian, feeOwner, feeBps);
        return ITaskEscrow(_deploy("TaskEscrow", arguments));
    }

    function reputationRegistry(address escrow, address identity) internal returns (IReputationRegistry) {
        return IReputationRegistry(_deploy("ReputationRegistry", abi.encode(escrow, identity)));
    }

    function paymentChannel(address escrow) internal returns (IPaymentChannel) {
        return IPaymentChannel(_deploy("PaymentChannel", abi.encode(escrow)));
    }

    function splitterFactory(address token) internal returns (ISplitterFactory) {
        return ISplitterFactory(_deploy("SplitterFactory", abi.encode(token)));
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address) {
        return vm.deployCode(string.concat("contracts/artifacts/", name, ".json"), arguments);
    }
}
