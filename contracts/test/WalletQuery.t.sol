// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";
import {ICreate3Factory} from "../src/interfaces/ICreate3Factory.sol";
import {Wallet, EndlessWallet, HugeWallet, ShortWallet} from "../mocks/Wallets.sol";

/// A wallet that approves once somebody prepared it.
contract UnpreparedWallet {
    bool private prepared;

    function prepare() external {
        prepared = true;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return prepared ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

/// What the question answers is the code that its constructor leaves.
contract WalletQueryTest {
    uint256 private constant KEY = 0xa11ce;
    bytes32 private constant DIGEST = keccak256("a message");
    bytes32 private constant SALT = "wallet";

    ICreate3Factory private factory;

    function setUp() public {
        factory = ICreate3Factory(vm.deployCode("contracts/artifacts/Create3Factory.json", ""));
    }

    function test_a_wallet_that_its_factory_would_make_approves() public {
        vm.assertTrue(_ask(_future(), _signature(KEY), address(factory), _making()));
    }

    function test_a_wallet_that_exists_approves_whatever_the_factory_does() public {
        Wallet wallet = new Wallet(vm.addr(KEY));
        vm.assertTrue(_ask(address(wallet), _signature(KEY), address(0xdead), ""));
        vm.assertTrue(_ask(address(wallet), _signature(KEY), address(factory), hex"ffffffff"));
    }

    function test_a_wallet_that_must_be_prepared_first_approves() public {
        address wallet = address(new UnpreparedWallet());
        vm.assertFalse(_ask(wallet, "", address(0xdead), ""));
        vm.assertTrue(_ask(wallet, "", wallet, abi.encodeCall(UnpreparedWallet.prepare, ())));
    }

    function test_refuses_anothers_signature_and_another_digest() public {
        vm.assertFalse(_ask(_future(), _signature(KEY + 1), address(factory), _making()));
        vm.assertFalse(_ask(address(new Wallet(vm.addr(KEY + 1))), _signature(KEY), address(0xdead), ""));
    }

    function test_refuses_an_address_that_stays_empty() public {
        vm.assertFalse(_ask(_future(), _signature(KEY), address(0xdead), _making()));
        vm.assertFalse(_ask(address(0xbeef), _signature(KEY), address(factory), _making()));
        vm.assertFalse(_ask(vm.addr(KEY), _signature(KEY), address(0xdead), ""));
    }

    function test_refuses_answers_of_another_form() public {
        vm.assertFalse(_ask(address(new EndlessWallet()), "", address(0xdead), ""));
        vm.assertFalse(_ask(address(new ShortWallet()), "", address(0xdead), ""));
        vm.assertTrue(_ask(address(new HugeWallet()), "", address(0xdead), ""));
    }

    function _ask(address wallet, bytes memory signature, address by, bytes memory data) private returns (bool) {
        bytes memory arguments = abi.encode(wallet, DIGEST, signature, by, data);
        bytes memory answer = vm.deployCode("contracts/artifacts/WalletQuery.json", arguments).code;
        vm.assertEq(answer.length, 32);
        return abi.decode(answer, (bool));
    }

    /// @dev The next question is who calls the factory.
    function _future() private view returns (address) {
        return factory.addressOf(vm.computeCreateAddress(address(this), vm.getNonce(address(this))), SALT);
    }

    function _making() private pure returns (bytes memory) {
        bytes memory code = abi.encodePacked(type(Wallet).creationCode, abi.encode(vm.addr(KEY)));
        return abi.encodeCall(ICreate3Factory.deploy, (SALT, code));
    }

    function _signature(uint256 key) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, DIGEST);
        return abi.encodePacked(r, s, v);
    }
}
