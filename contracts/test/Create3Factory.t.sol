// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";
import {ICreate3Factory} from "../src/interfaces/ICreate3Factory.sol";

/// Deployed by the factory: knows the address of another that does not exist yet, and can be told to refuse.
contract Placed {
    address public immutable other;

    constructor(address other_) {
        require(other_ != address(0), "refused");
        other = other_;
    }
}

/// Its constructor leaves no code.
contract Vanishing {
    constructor() {
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

contract Create3FactoryTest {
    bytes32 private constant ONE = "one";
    bytes32 private constant TWO = "two";
    address private constant STRANGER = address(0x57a);
    bytes4 private constant DEPLOYMENT_FAILED = bytes4(keccak256("DeploymentFailed()"));

    ICreate3Factory private factory;

    function setUp() public {
        factory = ICreate3Factory(vm.deployCode("contracts/artifacts/Create3Factory.json", ""));
    }

    function test_two_contracts_know_each_other_before_either_exists() public {
        (address one, address two) = (_addressOf(ONE), _addressOf(TWO));
        vm.assertEq(factory.deploy(ONE, _placed(two)), one);
        vm.assertEq(factory.deploy(TWO, _placed(one)), two);
        vm.assertEq(Placed(one).other(), two);
        vm.assertEq(Placed(two).other(), one);
    }

    function test_the_address_is_the_same_whatever_is_deployed() public {
        uint256 before = vm.snapshotState();
        address first = factory.deploy(ONE, _placed(address(1)));
        vm.revertToState(before);
        vm.assertEq(factory.deploy(ONE, abi.encodePacked(type(Placed).creationCode, abi.encode(address(2)))), first);
        vm.assertEq(Placed(first).other(), address(2));
    }

    function test_announces_what_it_deployed() public {
        vm.expectEmit(true, true, true, true, address(factory));
        emit ICreate3Factory.ContractDeployed(address(this), ONE, _addressOf(ONE));
        factory.deploy(ONE, _placed(address(1)));
    }

    function test_nobody_takes_the_address_of_anothers_salt() public {
        address mine = _addressOf(ONE);
        vm.prank(STRANGER);
        address his = factory.deploy(ONE, _placed(address(1)));
        vm.assertEq(his, factory.addressOf(STRANGER, ONE));
        vm.assertTrue(his != mine);
        vm.assertEq(mine.code.length, 0);
        vm.assertEq(factory.deploy(ONE, _placed(address(2))), mine);
    }

    function test_refuses_a_salt_that_was_used() public {
        factory.deploy(ONE, _placed(address(1)));
        vm.expectRevert(abi.encodePacked(DEPLOYMENT_FAILED));
        factory.deploy(ONE, _placed(address(2)));
    }

    function test_a_constructor_that_reverts_leaves_the_salt_unused() public {
        vm.expectRevert(abi.encodePacked(DEPLOYMENT_FAILED));
        factory.deploy(ONE, _placed(address(0)));
        vm.assertEq(factory.deploy(ONE, _placed(address(1))), _addressOf(ONE));
    }

    function test_refuses_a_constructor_that_leaves_no_code() public {
        vm.expectRevert(abi.encodePacked(DEPLOYMENT_FAILED));
        factory.deploy(ONE, type(Vanishing).creationCode);
    }

    function testFuzz_addresses_of_different_deployers_and_salts_differ(address a, address b, bytes32 s, bytes32 t)
        public
        view
    {
        vm.assume(a != b || s != t);
        vm.assertTrue(factory.addressOf(a, s) != factory.addressOf(b, t));
    }

    function _addressOf(bytes32 salt) private view returns (address) {
        return factory.addressOf(address(this), salt);
    }

    function _placed(address other) private pure returns (bytes memory) {
        return abi.encodePacked(type(Placed).creationCode, abi.encode(other));
    }
}
