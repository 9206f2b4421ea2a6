// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityIntents} from "./IdentityIntents.sol";
import {vm} from "./Vm.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IIdentityRegistry} from "../src/interfaces/IIdentityRegistry.sol";

/// Takes an agent, and tells what it was asked and what it saw.
contract Taker is IERC721Receiver {
    bytes public asked;
    address public walletSeen = address(1);

    function onERC721Received(address operator, address from, uint256 id, bytes calldata data)
        external
        returns (bytes4)
    {
        asked = abi.encode(operator, from, id, data);
        walletSeen = IIdentityRegistry(msg.sender).getAgentWallet(id);
        return IERC721Receiver.onERC721Received.selector;
    }
}

contract Refuser is IERC721Receiver {
    error NotMine();

    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        revert NotMine();
    }
}

contract WrongAnswer is IERC721Receiver {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }
}

contract Deaf {}

/// An agent is an ERC-721 token like any other.
contract IdentityTokenTest is IdentityIntents {
    bytes4 private constant NOT_OWNER_NOR_APPROVED = bytes4(keccak256("NotOwnerNorApproved()"));
    bytes4 private constant TOKEN_DOES_NOT_EXIST = bytes4(keccak256("TokenDoesNotExist()"));

    function test_has_a_name_and_the_interfaces_of_an_nft() public view {
        vm.assertEq(identity.name(), "Guildhall Agent");
        vm.assertEq(identity.symbol(), "AGENT");
        vm.assertTrue(identity.supportsInterface(type(IERC165).interfaceId));
        vm.assertTrue(identity.supportsInterface(type(IERC721).interfaceId));
        vm.assertTrue(identity.supportsInterface(type(IERC721Metadata).interfaceId));
        vm.assertFalse(identity.supportsInterface(0xffffffff));
        vm.assertFalse(identity.supportsInterface(type(IERC721Receiver).interfaceId));
    }

    function test_a_registration_mints() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IERC721.Transfer(address(0), stranger, agentId + 1);
        vm.prank(stranger);
        identity.register();
        vm.assertEq(identity.balanceOf(stranger), 1);
        vm.assertEq(identity.ownerOf(agentId + 1), stranger);
    }

    function test_the_owner_transfers() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IERC721.Transfer(agent, stranger, agentId);
        vm.prank(agent);
        identity.transferFrom(agent, stranger, agentId);
        vm.assertEq(identity.ownerOf(agentId), stranger);
        vm.assertEq(identity.balanceOf(agent), 0);
        vm.assertEq(identity.balanceOf(stranger), 1);
    }

    function test_the_approved_account_transfers_once() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IERC721.Approval(agent, stranger, agentId);
        vm.prank(agent);
        identity.approve(stranger, agentId);
        vm.assertEq(identity.getApproved(agentId), stranger);
        vm.prank(stranger);
        identity.transferFrom(agent, buyer, agentId);
        vm.assertEq(identity.getApproved(agentId), address(0));
        vm.assertFalse(identity.isController(stranger, agentId));
        vm.expectRevert(abi.encodePacked(NOT_OWNER_NOR_APPROVED));
        vm.prank(stranger);
        identity.transferFrom(buyer, stranger, agentId);
    }

    function test_an_operator_approves_and_transfers_until_he_is_dismissed() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IERC721.ApprovalForAll(agent, stranger, true);
        vm.prank(agent);
        identity.setApprovalForAll(stranger, true);
        vm.assertTrue(identity.isApprovedForAll(agent, stranger));
        vm.prank(stranger);
        identity.approve(buyer, agentId);
        vm.assertTrue(identity.isController(buyer, agentId));
        vm.prank(agent);
        identity.setApprovalForAll(stranger, false);
        vm.expectRevert(abi.encodePacked(NOT_OWNER_NOR_APPROVED));
        vm.prank(stranger);
        identity.transferFrom(agent, stranger, agentId);
        vm.expectRevert(abi.encodePacked(NOT_OWNER_NOR_APPROVED));
        vm.prank(stranger);
        identity.approve(stranger, agentId);
    }

    function test_an_approved_account_may_not_approve() public {
        vm.prank(agent);
        identity.approve(stranger, agentId);
        vm.expectRevert(abi.encodePacked(NOT_OWNER_NOR_APPROVED));
        vm.prank(stranger);
        identity.approve(buyer, agentId);
    }

    function test_the_wallet_may_not_transfer_nor_change_anything() public {
        uint256 deadline = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, deadline);
        vm.prank(agent);
        identity.setAgentWallet(agentId, stranger, deadline, consent);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodePacked(NOT_OWNER_NOR_APPROVED));
        identity.transferFrom(agent, stranger, agentId);
        bytes memory reason = abi.encodeWithSelector(IIdentityRegistry.NotAuthorized.selector, stranger, agentId);
        vm.expectRevert(reason);
        identity.setAgentURI(agentId, "ipfs://bad");
        vm.expectRevert(reason);
        identity.unsetAgentWallet(agentId);
        vm.stopPrank();
    }

    function test_refuses_a_transfer_from_another_or_to_nobody() public {
        vm.startPrank(agent);
        vm.expectRevert(abi.encodePacked(bytes4(keccak256("TransferFromIncorrectOwner()"))));
        identity.transferFrom(stranger, buyer, agentId);
        vm.expectRevert(abi.encodePacked(bytes4(keccak256("TransferToZeroAddress()"))));
        identity.transferFrom(agent, address(0), agentId);
        vm.stopPrank();
    }

    function test_refuses_what_concerns_an_agent_that_does_not_exist() public {
        bytes memory reason = abi.encodePacked(TOKEN_DOES_NOT_EXIST);
        vm.expectRevert(reason);
        identity.ownerOf(99);
        vm.expectRevert(reason);
        identity.getApproved(99);
        vm.expectRevert(reason);
        identity.tokenURI(99);
        vm.expectRevert(reason);
        identity.getAgentWallet(99);
        vm.expectRevert(reason);
        identity.approve(stranger, 99);
        vm.expectRevert(reason);
        identity.transferFrom(agent, stranger, 99);
        vm.expectRevert(abi.encodePacked(bytes4(keccak256("BalanceQueryForZeroAddress()"))));
        identity.balanceOf(address(0));
    }

    function test_a_safe_transfer_asks_the_receiver_who_finds_no_wallet() public {
        Taker taker = new Taker();
        vm.prank(agent);
        identity.safeTransferFrom(agent, address(taker), agentId, "hello");
        vm.assertEq(taker.asked(), abi.encode(agent, agent, agentId, bytes("hello")));
        vm.assertEq(taker.walletSeen(), address(0));
        vm.assertEq(identity.ownerOf(agentId), address(taker));
    }

    function test_a_safe_transfer_without_data_asks_too() public {
        Taker taker = new Taker();
        vm.prank(agent);
        identity.safeTransferFrom(agent, address(taker), agentId);
        vm.assertEq(taker.asked(), abi.encode(agent, agent, agentId, bytes("")));
    }

    function test_a_safe_transfer_fails_where_the_receiver_does_not_agree() public {
        address[3] memory receivers = [address(new Refuser()), address(new WrongAnswer()), address(new Deaf())];
        for (uint256 i; i < receivers.length; ++i) {
            vm.expectRevert();
            vm.prank(agent);
            identity.safeTransferFrom(agent, receivers[i], agentId);
            vm.assertEq(identity.ownerOf(agentId), agent);
        }
    }

    function test_refuses_ether_which_would_stay_for_ever() public {
        Taker taker = new Taker();
        vm.deal(agent, 4);
        vm.startPrank(agent);
        _expectNoEther(abi.encodeCall(identity.transferFrom, (agent, stranger, agentId)));
        _expectNoEther(abi.encodeCall(identity.approve, (stranger, agentId)));
        _expectNoEther(abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", agent, taker, agentId));
        _expectNoEther(
            abi.encodeWithSignature("safeTransferFrom(address,address,uint256,bytes)", agent, taker, agentId, bytes(""))
        );
        vm.stopPrank();
        vm.assertEq(address(identity).balance, 0);
    }

    /// What lies beside owner and balance is left alone by the token, and leaves the token alone.
    function testFuzz_owners_and_balances_agree_with_a_plain_list(uint256 seed) public {
        address[3] memory people = [agent, stranger, buyer];
        address[4] memory owners;
        for (uint256 i; i < owners.length; ++i) {
            owners[i] = people[(seed >> (i * 4)) % 3];
            vm.prank(owners[i]);
            vm.assertEq(identity.register(i % 2 == 0 ? "" : "ipfs://x"), agentId + 1 + i);
        }
        for (uint256 i; i < 6; ++i) {
            uint256 picked = (seed >> (i * 8 + 32)) % 4;
            address to = people[(seed >> (i * 8 + 36)) % 3];
            vm.prank(owners[picked]);
            identity.transferFrom(owners[picked], to, agentId + 1 + picked);
            owners[picked] = to;
        }
        for (uint256 p; p < people.length; ++p) {
            uint256 held = people[p] == agent ? 1 : 0;
            for (uint256 i; i < owners.length; ++i) {
                vm.assertEq(identity.ownerOf(agentId + 1 + i), owners[i]);
                if (owners[i] == people[p]) ++held;
            }
            vm.assertEq(identity.balanceOf(people[p]), held);
        }
        vm.assertEq(identity.tokenURI(agentId + 2), "ipfs://x");
    }

    function _expectNoEther(bytes memory call_) private {
        (bool done, bytes memory reason) = address(identity).call{value: 1}(call_);
        vm.assertFalse(done);
        vm.assertEq(reason, abi.encodeWithSelector(IIdentityRegistry.EtherRefused.selector, 1));
    }
}
