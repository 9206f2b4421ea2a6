// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";
import {ITaskEscrow} from "../src/interfaces/ITaskEscrow.sol";

/// What an escrow cannot be deployed with.
contract ConstructorTest is EscrowTest {
    address private constant REGISTRY = address(0x8004);

    function test_refuses_a_fee_above_the_cap() public {
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.FeeAboveCap.selector, 1_001, 1_000));
        this.deploy(address(usdc), REGISTRY, feeOwner, 1_001);
    }

    function test_takes_the_highest_fee() public {
        vm.assertEq(uint256(this.deploy(address(usdc), REGISTRY, feeOwner, 1_000).feeBps()), 1_000);
    }

    function test_refuses_no_token() public {
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ZeroParty.selector));
        this.deploy(address(0), REGISTRY, feeOwner, 0);
    }

    function test_refuses_no_fee_owner() public {
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ZeroParty.selector));
        this.deploy(address(usdc), REGISTRY, address(0), 0);
    }

    function test_refuses_no_reputation_registry() public {
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ZeroParty.selector));
        this.deploy(address(usdc), address(0), feeOwner, 0);
    }

    /// A call of its own: a cheat code that reverts ends the test that made it, whatever was to follow.
    function deploy(address token, address registry, address owner, uint16 feeBps) external returns (ITaskEscrow) {
        bytes memory arguments = abi.encode(token, identity, registry, address(0), guardian, owner, feeBps);
        return ITaskEscrow(vm.deployCode("contracts/artifacts/TaskEscrow.json", arguments));
    }
}
