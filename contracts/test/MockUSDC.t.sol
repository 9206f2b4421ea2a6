// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {Wallet} from "../mocks/Wallets.sol";

/// The mock is as strict as the real dollar: else the tests over it would prove little.
contract MockUSDCTest is EscrowTest {
    function test_domain_is_the_real_ones() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("USD Coin"),
                keccak256("2"),
                block.chainid,
                address(usdc)
            )
        );
        vm.assertEq(usdc.DOMAIN_SEPARATOR(), domain);
        vm.assertEq(usdc.decimals(), 6);
    }

    function test_authorizations_in_both_forms_are_strict_in_time_and_used_once() public {
        (uint256 validAfter, uint256 validBefore) = (_now(), _now() + 10);
        bytes32 nonce = keccak256("n");
        bytes memory signature = _authorize(BUYER_KEY, true, buyer, agent, 7, validAfter, validBefore, nonce);
        vm.expectRevert(bytes("FiatTokenV2: authorization is not yet valid"));
        usdc.transferWithAuthorization(buyer, agent, 7, validAfter, validBefore, nonce, signature);
        vm.warp(validBefore);
        vm.expectRevert(bytes("FiatTokenV2: authorization is expired"));
        usdc.transferWithAuthorization(buyer, agent, 7, validAfter, validBefore, nonce, signature);
        vm.warp(validBefore - 1);
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        usdc.transferWithAuthorization(buyer, agent, 7, validAfter, validBefore, nonce, v, r, s);
        vm.assertEq(usdc.balanceOf(agent), 7);
        vm.expectRevert(bytes("FiatTokenV2: authorization is used or canceled"));
        usdc.transferWithAuthorization(buyer, agent, 7, validAfter, validBefore, nonce, signature);
    }

    function test_only_the_payee_receives_with_authorization() public {
        bytes memory signature = _authorize(BUYER_KEY, false, buyer, agent, 7, 0, _now() + 10, "n");
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        uint256 before = _now() + 10;
        vm.expectRevert(bytes("FiatTokenV2: caller must be the payee"));
        usdc.receiveWithAuthorization(buyer, agent, 7, 0, before, "n", v, r, s);
        vm.prank(agent);
        usdc.receiveWithAuthorization(buyer, agent, 7, 0, before, "n", v, r, s);
        vm.assertEq(usdc.balanceOf(agent), 7);
    }

    function test_refuses_a_high_s_and_a_wrong_key() public {
        uint256 before = _now() + 10;
        bytes memory signature = _authorize(BUYER_KEY, true, buyer, agent, 7, 0, before, "n");
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        usdc.transferWithAuthorization(
            buyer, agent, 7, 0, before, "n", v == 27 ? 28 : 27, r, bytes32(order - uint256(s))
        );
        bytes memory wrong = _authorize(AGENT_KEY, true, buyer, agent, 7, 0, before, "n");
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        usdc.transferWithAuthorization(buyer, agent, 7, 0, before, "n", wrong);
    }

    function test_a_contract_wallet_authorises_by_erc1271() public {
        Wallet wallet = new Wallet(buyer);
        usdc.mint(address(wallet), 7);
        uint256 before = _now() + 10;
        bytes memory signature = _authorize(BUYER_KEY, true, address(wallet), agent, 7, 0, before, "n");
        usdc.transferWithAuthorization(address(wallet), agent, 7, 0, before, "n", signature);
        vm.assertEq(usdc.balanceOf(agent), 7);
    }

    function test_an_authorization_can_be_cancelled() public {
        bytes32 intent = keccak256(abi.encode(usdc.CANCEL_AUTHORIZATION_TYPEHASH(), buyer, bytes32("n")));
        bytes memory signature = _signFor(BUYER_KEY, intent);
        usdc.cancelAuthorization(buyer, "n", signature);
        vm.assertTrue(usdc.authorizationState(buyer, "n"));
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        vm.expectRevert(bytes("FiatTokenV2: authorization is used or canceled"));
        usdc.cancelAuthorization(buyer, "n", v, r, s);
    }

    function test_permit_in_both_forms() public {
        uint256 deadline = _now() + 10;
        bytes memory first = _permit(50, 0, deadline);
        usdc.permit(buyer, agent, 50, deadline, first);
        vm.assertEq(usdc.allowance(buyer, agent), 50);
        vm.expectRevert(bytes("EIP2612: invalid signature"));
        usdc.permit(buyer, agent, 50, deadline, first);
        (uint8 v, bytes32 r, bytes32 s) = _split(_permit(60, 1, type(uint256).max));
        usdc.permit(buyer, agent, 60, type(uint256).max, v, r, s);
        vm.assertEq(usdc.allowance(buyer, agent), 60);
        vm.warp(deadline + 1);
        vm.expectRevert(bytes("FiatTokenV2: permit is expired"));
        usdc.permit(buyer, agent, 1, deadline, first);
    }

    function test_refuses_transfers_to_the_token_and_to_nobody() public {
        vm.startPrank(buyer);
        vm.expectRevert(bytes("ERC20: transfer to the token itself"));
        usdc.transfer(address(usdc), 1);
        vm.expectRevert(bytes("ERC20: transfer to the zero address"));
        usdc.transfer(address(0), 1);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds balance"));
        usdc.transfer(agent, 1_000_001e6);
        vm.stopPrank();
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(agent);
        usdc.transferFrom(buyer, agent, 1);
    }

    function test_blacklist_stops_sender_receiver_and_spender() public {
        bytes memory reason = bytes("Blacklistable: account is blacklisted");
        usdc.blacklist(agent);
        vm.expectRevert(reason);
        vm.prank(buyer);
        usdc.transfer(agent, 1);
        vm.expectRevert(reason);
        vm.prank(agent);
        usdc.transfer(buyer, 0);
        vm.expectRevert(reason);
        vm.prank(agent);
        usdc.transferFrom(buyer, stranger, 0);
        vm.expectRevert(bytes("Ownable: caller is not the owner"));
        vm.prank(agent);
        usdc.unBlacklist(agent);
    }

    function test_pause_stops_everything() public {
        usdc.pause();
        vm.expectRevert(bytes("Pausable: paused"));
        vm.prank(buyer);
        usdc.transfer(agent, 1);
        vm.expectRevert(bytes("Pausable: paused"));
        usdc.mint(agent, 1);
        usdc.unpause();
        usdc.mint(agent, 1);
        vm.assertEq(usdc.balanceOf(agent), 1);
    }

    function test_minters_mint_within_their_allowance() public {
        usdc.configureMinter(agent, 10);
        vm.startPrank(agent);
        usdc.mint(agent, 10);
        vm.expectRevert(bytes("FiatToken: mint amount exceeds minterAllowance"));
        usdc.mint(agent, 1);
        vm.expectRevert(bytes("Ownable: caller is not the owner"));
        usdc.configureMinter(agent, 10);
        vm.stopPrank();
    }

    function _permit(uint256 value, uint256 nonce, uint256 deadline) private view returns (bytes memory) {
        return _signFor(BUYER_KEY, keccak256(abi.encode(usdc.PERMIT_TYPEHASH(), buyer, agent, value, nonce, deadline)));
    }

    function _authorize(
        uint256 key,
        bool transfers,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) private view returns (bytes memory) {
        bytes32 kind = transfers
            ? usdc.TRANSFER_WITH_AUTHORIZATION_TYPEHASH()
            : usdc.RECEIVE_WITH_AUTHORIZATION_TYPEHASH();
        return _signFor(key, keccak256(abi.encode(kind, from, to, value, validAfter, validBefore, nonce)));
    }

    function _signFor(uint256 key, bytes32 intent) private view returns (bytes memory) {
        return _sign(key, keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent)));
    }

    function _split(bytes memory signature) private pure returns (uint8 v, bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
