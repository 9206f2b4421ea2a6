// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {PlainToken} from "../mocks/PlainToken.sol";

/// The table's token is honest: a signature moves money once, in time, to the payee it names.
contract PlainTokenTest is EscrowTest {
    PlainToken private token;

    function setUp() public override {
        super.setUp();
        token = Deployed.plainToken();
        token.mint(buyer, 1_000);
    }

    function test_is_a_dollar_of_six_decimals() public view {
        vm.assertEq(uint256(token.decimals()), 6);
        vm.assertEq(token.balanceOf(buyer), 1_000);
    }

    function test_receives_with_authorization_once_and_in_time() public {
        (uint256 validAfter, uint256 validBefore) = (_now(), _now() + 10);
        bytes memory signature = _authorize(BUYER_KEY, validAfter, validBefore);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.NotYetValid.selector, validAfter));
        _receive(validAfter, validBefore, signature);
        vm.warp(validBefore);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.Expired.selector, validBefore));
        _receive(validAfter, validBefore, signature);
        vm.warp(validBefore - 1);
        _receive(validAfter, validBefore, signature);
        vm.assertEq(token.balanceOf(address(this)), 7);
        vm.assertTrue(token.authorizationState(buyer, "n"));
        vm.expectRevert(abi.encodeWithSelector(PlainToken.AuthorizationIsUsed.selector, buyer, bytes32("n")));
        _receive(validAfter, validBefore, signature);
    }

    function test_only_the_payee_receives_and_only_what_was_signed() public {
        uint256 before = _now() + 10;
        bytes memory signature = _authorize(BUYER_KEY, 0, before);
        vm.prank(agent);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.CallerMustBePayee.selector, agent, address(this)));
        token.receiveWithAuthorization(buyer, address(this), 7, 0, before, "n", signature);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.BadSignature.selector, buyer));
        token.receiveWithAuthorization(buyer, address(this), 8, 0, before, "n", signature);
    }

    function test_permits_in_both_forms() public {
        bytes memory signature = _signPermit(9);
        token.permit(buyer, agent, 9, _soon(), signature);
        vm.assertEq(token.allowance(buyer, agent), 9);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, _permitDigest(4));
        token.permit(buyer, agent, 4, _soon(), v, r, s);
        vm.assertEq(token.allowance(buyer, agent), 4);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.BadSignature.selector, buyer));
        token.permit(buyer, agent, 9, _soon(), signature);
        vm.expectRevert(abi.encodeWithSelector(PlainToken.Expired.selector, uint256(0)));
        token.permit(buyer, agent, 9, 0, signature);
    }

    function _receive(uint256 validAfter, uint256 validBefore, bytes memory signature) private {
        token.receiveWithAuthorization(buyer, address(this), 7, validAfter, validBefore, "n", signature);
    }

    function _authorize(uint256 key, uint256 validAfter, uint256 validBefore) private view returns (bytes memory) {
        bytes32 kind = token.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        bytes memory intent = abi.encode(kind, buyer, address(this), 7, validAfter, validBefore, bytes32("n"));
        return _sign(key, _digest(keccak256(intent)));
    }

    function _signPermit(uint256 value) private view returns (bytes memory) {
        return _sign(BUYER_KEY, _permitDigest(value));
    }

    function _permitDigest(uint256 value) private view returns (bytes32) {
        bytes memory intent =
            abi.encode(token.PERMIT_TYPEHASH(), buyer, agent, value, token.nonces(buyer), uint256(_soon()));
        return _digest(keccak256(intent));
    }

    function _digest(bytes32 intent) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), intent));
    }
}
