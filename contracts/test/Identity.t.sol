// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {IIdentityRegistry, MetadataEntry} from "../src/interfaces/IIdentityRegistry.sol";

contract IdentityTest is EscrowTest {
    bytes32 private constant REGISTER =
        keccak256("Register(address owner,string agentURI,uint256 nonce,uint256 deadline)");
    bytes32 private constant AGENT_WALLET_SET =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");

    function test_ids_start_at_1() public {
        vm.assertEq(agentId, 1);
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.Registered(2, "ipfs://b", stranger);
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.MetadataSet(2, "agentWallet", "agentWallet", abi.encodePacked(stranger));
        vm.prank(stranger);
        vm.assertEq(identity.register("ipfs://b"), 2);
        vm.assertEq(identity.ownerOf(2), stranger);
        vm.assertEq(identity.tokenURI(2), "ipfs://b");
        vm.assertEq(identity.getAgentWallet(2), stranger);
        vm.assertEq(identity.getMetadata(2, "agentWallet"), abi.encodePacked(stranger));
    }

    function test_registers_without_and_with_metadata() public {
        vm.startPrank(stranger);
        vm.assertEq(identity.tokenURI(identity.register()), "");
        MetadataEntry[] memory entries = new MetadataEntry[](1);
        entries[0] = MetadataEntry("model", "m1");
        uint256 id = identity.register("ipfs://c", entries);
        vm.assertEq(identity.getMetadata(id, "model"), "m1");
        entries[0].metadataKey = "agentWallet";
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.ReservedMetadataKey.selector, "agentWallet"));
        identity.register("ipfs://d", entries);
        vm.stopPrank();
    }

    function test_registers_for_an_owner_who_signed_once() public {
        uint256 deadline = _now() + 1 hours;
        bytes memory signature = _signRegistration(STRANGER_KEY, stranger, "ipfs://e", 0, deadline);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.BadSignature.selector, stranger));
        identity.registerFor(stranger, "ipfs://other", deadline, signature);
        uint256 id = identity.registerFor(stranger, "ipfs://e", deadline, signature);
        vm.assertEq(identity.ownerOf(id), stranger);
        vm.assertEq(identity.registrationNonce(stranger), 1);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.BadSignature.selector, stranger));
        identity.registerFor(stranger, "ipfs://e", deadline, signature);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IntentExpired.selector, deadline + 1, deadline));
        identity.registerFor(stranger, "ipfs://e", deadline, signature);
    }

    function test_owner_and_operators_change_uri_and_metadata() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.URIUpdated(agentId, "ipfs://new", agent);
        vm.prank(agent);
        identity.setAgentURI(agentId, "ipfs://new");
        vm.assertEq(identity.tokenURI(agentId), "ipfs://new");
        bytes memory reason =
            abi.encodeWithSelector(IIdentityRegistry.NotAuthorized.selector, stranger, agentId);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        identity.setAgentURI(agentId, "ipfs://bad");
        vm.expectRevert(reason);
        identity.setMetadata(agentId, "k", "v");
        vm.stopPrank();
        vm.prank(agent);
        identity.setApprovalForAll(stranger, true);
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.MetadataSet(agentId, "k", "k", "v");
        vm.prank(stranger);
        identity.setMetadata(agentId, "k", "v");
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.ReservedMetadataKey.selector, "agentWallet"));
        vm.prank(agent);
        identity.setMetadata(agentId, "agentWallet", "v");
    }

    function test_a_wallet_proves_that_it_agrees() public {
        uint256 deadline = _now() + 5 minutes;
        bytes memory signature = _signWallet(STRANGER_KEY, stranger, agent, deadline);
        vm.startPrank(agent);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.BadSignature.selector, buyer));
        identity.setAgentWallet(agentId, buyer, deadline, signature);
        identity.setAgentWallet(agentId, stranger, deadline, signature);
        vm.stopPrank();
        vm.assertEq(identity.getAgentWallet(agentId), stranger);
        vm.assertTrue(identity.isController(stranger, agentId));
        vm.prank(agent);
        identity.unsetAgentWallet(agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0));
        vm.assertEq(identity.getMetadata(agentId, "agentWallet"), "");
        vm.assertFalse(identity.isController(stranger, agentId));
    }

    function test_refuses_a_wallet_without_authority_in_time_and_address() public {
        uint256 deadline = _now() + 5 minutes;
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.NotAuthorized.selector, stranger, agentId));
        vm.prank(stranger);
        identity.setAgentWallet(agentId, stranger, deadline, "");
        vm.startPrank(agent);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.DeadlineTooFar.selector, deadline + 1, deadline));
        identity.setAgentWallet(agentId, stranger, deadline + 1, "");
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IntentExpired.selector, _now(), _now() - 1));
        identity.setAgentWallet(agentId, stranger, _now() - 1, "");
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.ZeroWallet.selector));
        identity.setAgentWallet(agentId, address(0), deadline, "");
        vm.stopPrank();
    }

    function test_a_transfer_clears_the_wallet() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.MetadataSet(agentId, "agentWallet", "agentWallet", "");
        vm.prank(agent);
        identity.transferFrom(agent, stranger, agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0));
        vm.assertFalse(identity.isController(agent, agentId));
        vm.assertTrue(identity.isController(stranger, agentId));
    }

    function test_controllers_are_owner_operator_approved_and_wallet() public {
        vm.assertTrue(identity.isController(agent, agentId));
        vm.assertFalse(identity.isController(stranger, agentId));
        vm.assertFalse(identity.isController(address(0), agentId));
        vm.assertFalse(identity.isController(agent, 0));
        vm.assertFalse(identity.isController(address(0), 99));
        vm.prank(agent);
        identity.approve(stranger, agentId);
        vm.assertTrue(identity.isController(stranger, agentId));
        vm.prank(agent);
        identity.setApprovalForAll(buyer, true);
        vm.assertTrue(identity.isController(buyer, agentId));
    }

    function test_reads_of_an_unborn_agent_revert() public {
        vm.expectRevert();
        identity.getAgentWallet(99);
        vm.expectRevert();
        identity.tokenURI(99);
    }

    /// The escrow packs an id into 44 bits.
    function test_ids_stay_below_two_to_the_44() public {
        for (uint256 slot; slot < 20; ++slot) {
            if (vm.load(address(identity), bytes32(slot)) == bytes32(uint256(1))) {
                vm.store(address(identity), bytes32(slot), bytes32((uint256(1) << 44) - 2));
            }
        }
        vm.startPrank(stranger);
        vm.assertEq(identity.register(), (uint256(1) << 44) - 1);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IdsExhausted.selector));
        identity.register();
        vm.stopPrank();
    }

    function _signRegistration(uint256 key, address owner, string memory uri, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(REGISTER, owner, keccak256(bytes(uri)), nonce, deadline)));
    }

    function _signWallet(uint256 key, address wallet, address owner, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        return _signFor(key, keccak256(abi.encode(AGENT_WALLET_SET, agentId, wallet, owner, deadline)));
    }

    function _signFor(uint256 key, bytes32 intent) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                address(identity)
            )
        );
        return _sign(key, keccak256(abi.encodePacked(hex"1901", domain, intent)));
    }
}
