// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {MockPermit2} from "../mocks/MockPermit2.sol";
import {Wallet} from "../mocks/Wallets.sol";

/// The mock refuses what Permit2 refuses, in its words.
contract MockPermit2Test is EscrowTest {
    string private constant TYPES = "bytes32 taskId)TokenPermissions(address token,uint256 amount)";
    bytes32 private constant WITNESS = keccak256("task");

    MockPermit2 private permit2;

    function setUp() public override {
        super.setUp();
        permit2 = Deployed.mockPermit2();
        vm.prank(buyer);
        usdc.approve(address(permit2), type(uint256).max);
    }

    function test_domain_has_a_name_and_no_version() public view {
        bytes32 kind = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(abi.encode(kind, keccak256("Permit2"), block.chainid, address(permit2)));
        vm.assertEq(permit2.DOMAIN_SEPARATOR(), domain);
    }

    function test_moves_what_was_signed_with_its_witness_once() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(7);
        bytes memory signature = _signWitness(BUYER_KEY, permit);
        _take(permit, 60, buyer, WITNESS, signature);
        vm.assertEq(usdc.balanceOf(agent), 60);
        vm.assertEq(permit2.nonceBitmap(buyer, 0), 1 << 7);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidNonce.selector));
        _take(permit, 60, buyer, WITNESS, signature);
    }

    function test_moves_without_a_witness() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(256);
        permit2.permitTransferFrom(permit, _to(agent, 100), buyer, _sign(BUYER_KEY, _digest(_plainIntent(permit))));
        vm.assertEq(usdc.balanceOf(agent), 100);
        vm.assertEq(permit2.nonceBitmap(buyer, 1), 1);
    }

    function test_refuses_another_witness_spender_and_type() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(0);
        bytes memory signature = _signWitness(BUYER_KEY, permit);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSigner.selector));
        _take(permit, 60, buyer, keccak256("another"), signature);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSigner.selector));
        _take(permit, 60, buyer, WITNESS, signature);
        string memory types = "bytes32 other)TokenPermissions(address token,uint256 amount)";
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSigner.selector));
        permit2.permitWitnessTransferFrom(permit, _to(agent, 60), buyer, WITNESS, types, signature);
    }

    function test_refuses_a_late_and_an_excessive_use() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(0);
        bytes memory signature = _signWitness(BUYER_KEY, permit);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidAmount.selector, uint256(100)));
        _take(permit, 101, buyer, WITNESS, signature);
        vm.warp(permit.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.SignatureExpired.selector, permit.deadline));
        _take(permit, 60, buyer, WITNESS, signature);
        vm.warp(permit.deadline);
        _take(permit, 60, buyer, WITNESS, signature);
    }

    function test_refuses_a_nonce_that_its_owner_spent() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(3);
        bytes memory signature = _signWitness(BUYER_KEY, permit);
        vm.prank(buyer);
        permit2.invalidateUnorderedNonces(0, 1 << 3);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidNonce.selector));
        _take(permit, 60, buyer, WITNESS, signature);
    }

    function test_takes_64_bytes_and_no_other_length() public {
        MockPermit2.PermitTransferFrom memory permit = _permit(0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, _digest(_witnessIntent(permit)));
        bytes32 vs = bytes32((uint256(v - 27) << 255) | uint256(s));
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSignatureLength.selector));
        _take(permit, 60, buyer, WITNESS, abi.encodePacked(r, vs, uint16(0)));
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSignature.selector));
        _take(permit, 60, buyer, WITNESS, abi.encodePacked(r, s, uint8(29)));
        _take(permit, 60, buyer, WITNESS, abi.encodePacked(r, vs));
        vm.assertEq(usdc.balanceOf(agent), 60);
    }

    function test_asks_a_wallet_that_has_code() public {
        Wallet wallet = new Wallet(buyer);
        usdc.mint(address(wallet), 100);
        bytes memory approval = abi.encodeCall(usdc.approve, (address(permit2), 100));
        vm.prank(buyer);
        wallet.run(address(usdc), approval);
        MockPermit2.PermitTransferFrom memory permit = _permit(0);
        bytes memory wrong = _signWitness(AGENT_KEY, permit);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidContractSignature.selector));
        _take(permit, 100, address(wallet), WITNESS, wrong);
        _take(permit, 100, address(wallet), WITNESS, _signWitness(BUYER_KEY, permit));
        vm.assertEq(usdc.balanceOf(agent), 100);
    }

    function _take(
        MockPermit2.PermitTransferFrom memory permit,
        uint256 amount,
        address owner,
        bytes32 witness,
        bytes memory signature
    ) private {
        permit2.permitWitnessTransferFrom(permit, _to(agent, amount), owner, witness, TYPES, signature);
    }

    function _permit(uint256 nonce) private view returns (MockPermit2.PermitTransferFrom memory permit) {
        permit.permitted.token = address(usdc);
        permit.permitted.amount = 100;
        permit.nonce = nonce;
        permit.deadline = _soon();
    }

    function _to(address to, uint256 amount)
        private
        pure
        returns (MockPermit2.SignatureTransferDetails memory details)
    {
        (details.to, details.requestedAmount) = (to, amount);
    }

    function _signWitness(uint256 key, MockPermit2.PermitTransferFrom memory permit)
        private
        view
        returns (bytes memory)
    {
        return _sign(key, _digest(_witnessIntent(permit)));
    }

    function _witnessIntent(MockPermit2.PermitTransferFrom memory permit) private view returns (bytes32) {
        bytes32 kind = keccak256(
            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,bytes32 taskId)TokenPermissions(address token,uint256 amount)"
        );
        return keccak256(abi.encode(kind, _permitted(permit), address(this), permit.nonce, permit.deadline, WITNESS));
    }

    function _plainIntent(MockPermit2.PermitTransferFrom memory permit) private view returns (bytes32) {
        bytes32 kind = keccak256(
            "PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)TokenPermissions(address token,uint256 amount)"
        );
        return keccak256(abi.encode(kind, _permitted(permit), address(this), permit.nonce, permit.deadline));
    }

    function _permitted(MockPermit2.PermitTransferFrom memory permit) private pure returns (bytes32) {
        bytes32 kind = keccak256("TokenPermissions(address token,uint256 amount)");
        return keccak256(abi.encode(kind, permit.permitted.token, permit.permitted.amount));
    }

    function _digest(bytes32 intent) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", permit2.DOMAIN_SEPARATOR(), intent));
    }
}
