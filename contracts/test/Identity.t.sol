// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityIntents} from "./IdentityIntents.sol";
import {vm} from "./Vm.sol";
import {IIdentityRegistry, MetadataEntry} from "../src/interfaces/IIdentityRegistry.sol";

/// INV-51: who speaks for an agent, and what he may change.
contract IdentityTest is IdentityIntents {
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

    function test_owner_and_operators_change_uri_and_metadata() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.URIUpdated(agentId, "ipfs://new", agent);
        vm.prank(agent);
        identity.setAgentURI(agentId, "ipfs://new");
        vm.assertEq(identity.tokenURI(agentId), "ipfs://new");
        bytes memory reason = abi.encodeWithSelector(IIdentityRegistry.NotAuthorized.selector, stranger, agentId);
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
        vm.assertEq(identity.getMetadata(agentId, "agentWallet"), "");
    }

    function test_a_transfer_clears_a_wallet_that_was_another() public {
        _setWalletTo(STRANGER_KEY, stranger);
        vm.prank(agent);
        identity.transferFrom(agent, buyer, agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0));
        vm.assertFalse(identity.isController(stranger, agentId));
        vm.prank(buyer);
        identity.transferFrom(buyer, agent, agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0));
        vm.assertFalse(identity.isController(stranger, agentId));
    }

    function test_the_owner_becomes_his_own_wallet_again() public {
        _setWalletTo(STRANGER_KEY, stranger);
        _setWalletTo(AGENT_KEY, agent);
        vm.assertEq(identity.getAgentWallet(agentId), agent);
        vm.assertFalse(identity.isController(stranger, agentId));
        vm.prank(agent);
        identity.transferFrom(agent, buyer, agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0));
    }

    function test_every_change_of_the_wallet_counts() public {
        vm.assertEq(identity.walletNonce(agentId), 0);
        _setWalletTo(STRANGER_KEY, stranger);
        vm.assertEq(identity.walletNonce(agentId), 1);
        vm.startPrank(agent);
        identity.unsetAgentWallet(agentId);
        vm.assertEq(identity.walletNonce(agentId), 2);
        identity.transferFrom(agent, agent, agentId);
        vm.assertEq(identity.walletNonce(agentId), 3);
        vm.stopPrank();
        vm.assertEq(identity.walletNonce(99), 0);
        vm.assertEq(identity.tokenURI(agentId), "ipfs://agent");
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

    function test_nobody_is_no_controller_whatever_was_set_for_him() public {
        vm.startPrank(agent);
        identity.unsetAgentWallet(agentId);
        vm.assertFalse(identity.isController(address(0), agentId));
        identity.setApprovalForAll(address(0), true);
        identity.approve(address(0), agentId);
        vm.assertFalse(identity.isController(address(0), agentId));
        vm.stopPrank();
    }

    /// Asked of an agent that had an approved account, too, once that is gone.
    function test_asking_reads_no_word_of_an_approval_that_is_gone() public {
        uint256 never = _gasOfAsking();
        vm.prank(agent);
        identity.approve(buyer, agentId);
        uint256 approved = _gasOfAsking();
        vm.prank(agent);
        identity.approve(address(0), agentId);
        vm.assertEq(_gasOfAsking(), never);
        vm.startPrank(agent);
        identity.approve(buyer, agentId);
        identity.unsetAgentWallet(agentId);
        uint256 unset = _gasOfAsking();
        identity.transferFrom(agent, agent, agentId);
        vm.stopPrank();
        vm.assertTrue(approved > never + 2_000);
        vm.assertTrue(_gasOfAsking() + 2_000 < unset);
    }

    function test_a_revoked_operator_controls_no_more() public {
        vm.startPrank(agent);
        identity.setApprovalForAll(buyer, true);
        identity.setApprovalForAll(buyer, false);
        identity.approve(stranger, agentId);
        identity.approve(address(0), agentId);
        vm.stopPrank();
        vm.assertFalse(identity.isController(buyer, agentId));
        vm.assertFalse(identity.isController(stranger, agentId));
    }

    function test_a_sold_agent_leaves_the_sellers_friends_behind() public {
        _setWalletTo(STRANGER_KEY, stranger);
        vm.startPrank(agent);
        identity.setApprovalForAll(arbiter, true);
        identity.approve(auctioneer, agentId);
        identity.transferFrom(agent, buyer, agentId);
        vm.stopPrank();
        vm.assertFalse(identity.isController(agent, agentId));
        vm.assertFalse(identity.isController(stranger, agentId));
        vm.assertFalse(identity.isController(arbiter, agentId));
        vm.assertFalse(identity.isController(auctioneer, agentId));
        vm.assertTrue(identity.isController(buyer, agentId));
    }

    /// A model of the rule over every mix of the four ways to control an agent.
    function testFuzz_controls_exactly_as_owner_operator_approved_or_wallet(uint8 mix, uint160 other) public {
        address account = address(other);
        vm.assume(account != agent && account != stranger);
        if (mix & 1 != 0) _setWalletTo(STRANGER_KEY, stranger);
        vm.startPrank(agent);
        if (mix & 2 != 0) identity.setApprovalForAll(stranger, true);
        if (mix & 4 != 0) identity.approve(stranger, agentId);
        if (mix & 8 != 0) identity.transferFrom(agent, buyer, agentId);
        vm.stopPrank();
        bool sold = mix & 8 != 0;
        vm.assertTrue(identity.isController(stranger, agentId) == (!sold && mix & 7 != 0));
        vm.assertTrue(identity.isController(agent, agentId) == !sold);
        vm.assertTrue(identity.isController(account, agentId) == (sold && account == buyer));
    }

    function testFuzz_nobody_controls_an_agent_that_was_never_registered(address account, uint256 id) public view {
        vm.assume(id != agentId);
        vm.assertFalse(identity.isController(account, id));
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

    function _setWalletTo(uint256 key, address wallet) private {
        uint256 deadline = _now() + 5 minutes;
        bytes memory signature = _signWallet(key, wallet, agent, deadline);
        vm.prank(agent);
        identity.setAgentWallet(agentId, wallet, deadline, signature);
    }

    function _gasOfAsking() private returns (uint256 used) {
        (IIdentityRegistry registry, address account, uint256 id) = (identity, stranger, agentId);
        registry.isController(account, id);
        vm.cool(address(registry));
        used = gasleft();
        registry.isController(account, id);
        used -= gasleft();
    }
}
