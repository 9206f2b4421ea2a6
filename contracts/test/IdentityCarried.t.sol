// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityIntents} from "./IdentityIntents.sol";
import {Deployed, IAgentRegistry} from "./Deployed.sol";
import {vm} from "./Vm.sol";
import {IIdentityRegistry} from "../src/interfaces/IIdentityRegistry.sol";
import {Wallet} from "../mocks/Wallets.sol";

/// INV-50: what anybody may carry for an owner who signed it, once.
contract IdentityCarriedTest is IdentityIntents {
    bytes32 private constant DIGEST = keccak256("card");

    // registerFor

    function test_registers_for_an_owner_who_signed_once() public {
        uint256 deadline = _now() + 1 hours;
        bytes memory signature = _signRegistration(STRANGER_KEY, stranger, "ipfs://e", 0, deadline);
        _expectBad(stranger);
        identity.registerFor(stranger, "ipfs://other", deadline, signature);
        _expectBad(stranger);
        identity.registerFor(stranger, "ipfs://e", deadline + 1, signature);
        vm.warp(deadline);
        uint256 id = identity.registerFor(stranger, "ipfs://e", deadline, signature);
        vm.assertEq(identity.ownerOf(id), stranger);
        vm.assertEq(identity.tokenURI(id), "ipfs://e");
        vm.assertEq(identity.registrationNonce(stranger), 1);
        vm.assertEq(identity.balanceOf(stranger), 1);
        _expectBad(stranger);
        identity.registerFor(stranger, "ipfs://e", deadline, signature);
    }

    function test_refuses_a_registration_after_its_deadline() public {
        uint256 deadline = _now() + 1 hours;
        bytes memory signature = _signRegistration(STRANGER_KEY, stranger, "ipfs://e", 0, deadline);
        vm.warp(deadline + 1);
        _expectExpired(deadline);
        identity.registerFor(stranger, "ipfs://e", deadline, signature);
    }

    function test_refuses_a_registration_for_nobody() public {
        _expectBad(address(0));
        identity.registerFor(address(0), "", _now(), new bytes(65));
        _expectBad(address(0));
        identity.registerByDigestFor(address(0), DIGEST, _now(), new bytes(65));
    }

    // registerByDigestFor

    function test_registers_by_digest_for_an_owner_who_signed_once() public {
        uint256 deadline = _now() + 1 hours;
        bytes memory signature = _signDigest(STRANGER_KEY, stranger, DIGEST, 0, deadline);
        _expectBad(stranger);
        identity.registerByDigestFor(stranger, bytes32(uint256(DIGEST) ^ 1), deadline, signature);
        _expectBad(buyer);
        identity.registerByDigestFor(buyer, DIGEST, deadline, signature);
        uint256 id = identity.registerByDigestFor(stranger, DIGEST, deadline, signature);
        vm.assertEq(identity.ownerOf(id), stranger);
        vm.assertEq(identity.getAgentWallet(id), stranger);
        _expectBad(stranger);
        identity.registerByDigestFor(stranger, DIGEST, deadline, signature);
        vm.warp(deadline + 1);
        _expectExpired(deadline);
        identity.registerByDigestFor(stranger, DIGEST, deadline, signature);
    }

    function test_both_registrations_share_one_nonce() public {
        uint256 deadline = _now() + 1 hours;
        bytes memory text = _signRegistration(STRANGER_KEY, stranger, "ipfs://e", 0, deadline);
        bytes memory digest = _signDigest(STRANGER_KEY, stranger, DIGEST, 1, deadline);
        _expectBad(stranger);
        identity.registerByDigestFor(stranger, DIGEST, deadline, digest);
        identity.registerFor(stranger, "ipfs://e", deadline, text);
        identity.registerByDigestFor(stranger, DIGEST, deadline, digest);
        vm.assertEq(identity.registrationNonce(stranger), 2);
        vm.assertEq(identity.balanceOf(stranger), 2);
    }

    function test_a_contract_wallet_registers_by_its_own_judgement() public {
        Wallet wallet = new Wallet(stranger);
        uint256 deadline = _now() + 1 hours;
        bytes memory digest = _signDigest(STRANGER_KEY, address(wallet), DIGEST, 0, deadline);
        bytes memory text = _signRegistration(STRANGER_KEY, address(wallet), "u", 1, deadline);
        bytes memory foreign = _signDigest(BUYER_KEY, address(wallet), DIGEST, 0, deadline);
        _expectBad(address(wallet));
        identity.registerByDigestFor(address(wallet), DIGEST, deadline, foreign);
        vm.assertEq(
            identity.ownerOf(identity.registerByDigestFor(address(wallet), DIGEST, deadline, digest)), address(wallet)
        );
        vm.assertEq(identity.ownerOf(identity.registerFor(address(wallet), "u", deadline, text)), address(wallet));
    }

    function test_a_signature_of_one_wallet_registers_no_other_of_the_same_key() public {
        Wallet one = new Wallet(stranger);
        Wallet other = new Wallet(stranger);
        uint256 deadline = _now() + 1 hours;
        bytes memory signature = _signDigest(STRANGER_KEY, address(one), DIGEST, 0, deadline);
        _expectBad(address(other));
        identity.registerByDigestFor(address(other), DIGEST, deadline, signature);
    }

    // setAgentWalletFor

    function test_a_relayer_changes_the_wallet_with_two_signatures() public {
        uint256 soon = _now() + 5 minutes;
        uint256 later = _now() + 1 days;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, later);
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.MetadataSet(agentId, "agentWallet", "agentWallet", abi.encodePacked(stranger));
        vm.prank(auctioneer);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, later, order);
        vm.assertEq(identity.getAgentWallet(agentId), stranger);
        vm.assertTrue(identity.isController(stranger, agentId));
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, later, order);
    }

    function test_refuses_a_change_that_either_did_not_sign() public {
        uint256 soon = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, consent);
        _expectBad(stranger);
        identity.setAgentWalletFor(agentId, stranger, soon, order, soon, order);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, buyer, soon, consent, soon, order);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon + 1, order);
        bytes memory none = _signChange(AGENT_KEY, address(0), 0, soon);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.ZeroWallet.selector));
        identity.setAgentWalletFor(agentId, address(0), soon, "", soon, none);
    }

    function test_refuses_a_change_that_only_an_operator_signed() public {
        uint256 soon = _now() + 5 minutes;
        vm.prank(agent);
        identity.setApprovalForAll(buyer, true);
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(BUYER_KEY, stranger, 0, soon);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
    }

    function test_refuses_a_change_after_either_deadline_or_too_far_ahead() public {
        uint256 soon = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon + 1);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.DeadlineTooFar.selector, soon + 1, soon));
        identity.setAgentWalletFor(agentId, stranger, soon + 1, consent, soon, order);
        vm.warp(soon + 1);
        _expectExpired(soon);
        identity.setAgentWalletFor(agentId, stranger, soon + 1, consent, soon, order);
        order = _signChange(AGENT_KEY, stranger, 0, soon + 9);
        vm.warp(soon + 2);
        _expectExpired(soon + 1);
        identity.setAgentWalletFor(agentId, stranger, soon + 1, consent, soon + 9, order);
        vm.warp(soon + 1);
        identity.setAgentWalletFor(agentId, stranger, soon + 1, consent, soon + 9, order);
    }

    function test_an_order_dies_with_any_other_change_of_the_wallet() public {
        uint256 soon = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        vm.prank(agent);
        identity.unsetAgentWallet(agentId);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
    }

    function test_an_order_dies_with_a_sale_even_if_the_agent_comes_back() public {
        uint256 soon = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        vm.prank(agent);
        identity.transferFrom(agent, buyer, agentId);
        _expectBad(buyer);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
        vm.prank(buyer);
        identity.transferFrom(buyer, agent, agentId);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
    }

    function test_contract_wallets_judge_both_signatures() public {
        Wallet owner = new Wallet(agent);
        Wallet wallet = new Wallet(stranger);
        vm.prank(agent);
        identity.transferFrom(agent, address(owner), agentId);
        uint256 soon = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, address(wallet), address(owner), soon);
        bytes memory order = _signChange(AGENT_KEY, address(wallet), 1, soon);
        identity.setAgentWalletFor(agentId, address(wallet), soon, consent, soon, order);
        vm.assertEq(identity.getAgentWallet(agentId), address(wallet));
    }

    function test_refuses_a_change_of_an_agent_that_does_not_exist() public {
        vm.expectRevert();
        identity.setAgentWalletFor(99, stranger, _now(), "", _now(), "");
    }

    // where a signature counts

    function test_refuses_what_was_signed_for_another_registry() public {
        IAgentRegistry other = Deployed.identityRegistry();
        uint256 soon = _now() + 5 minutes;
        bytes memory text = _signRegistration(STRANGER_KEY, stranger, "u", 0, soon);
        _expectBad(stranger);
        other.registerFor(stranger, "u", soon, text);
        bytes memory digest = _signDigest(STRANGER_KEY, stranger, DIGEST, 0, soon);
        _expectBad(stranger);
        other.registerByDigestFor(stranger, DIGEST, soon, digest);
        vm.prank(agent);
        other.register();
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        _expectBad(agent);
        other.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
        _expectBad(stranger);
        vm.prank(agent);
        other.setAgentWallet(agentId, stranger, soon, consent);
    }

    function test_refuses_what_was_signed_for_another_chain() public {
        uint256 soon = _now() + 5 minutes;
        bytes memory text = _signRegistration(STRANGER_KEY, stranger, "u", 0, soon);
        bytes memory digest = _signDigest(STRANGER_KEY, stranger, DIGEST, 0, soon);
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, soon);
        bytes memory order = _signChange(AGENT_KEY, stranger, 0, soon);
        vm.chainId(1);
        _expectBad(stranger);
        identity.registerFor(stranger, "u", soon, text);
        _expectBad(stranger);
        identity.registerByDigestFor(stranger, DIGEST, soon, digest);
        _expectBad(agent);
        identity.setAgentWalletFor(agentId, stranger, soon, consent, soon, order);
        _expectBad(stranger);
        vm.prank(agent);
        identity.setAgentWallet(agentId, stranger, soon, consent);
    }

    function _expectBad(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.BadSignature.selector, signer));
    }

    function _expectExpired(uint256 deadline) private {
        vm.expectRevert(abi.encodeWithSelector(IIdentityRegistry.IntentExpired.selector, _now(), deadline));
    }
}
