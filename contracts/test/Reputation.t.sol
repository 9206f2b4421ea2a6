// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinishedTasks} from "./FinishedTasks.sol";
import {IdentityIntents} from "./IdentityIntents.sol";
import {vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";

/// INV-12: who may rate what, once.
contract ReputationTest is FinishedTasks, IdentityIntents {
    function test_the_buyer_of_a_finished_task_rates_once() public {
        Terms memory terms = _finished();
        bytes32 taskId = escrow.taskIdOf(terms);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.NewFeedback(
            agentId, buyer, 1, 5, 0, "guildhall", "guildhall", "translate", "https://a", "ipfs://f", HASH
        );
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.TaskRated(taskId, agentId, buyer, 1);
        vm.prank(buyer);
        reputation.giveTaskFeedback(terms, agentId, 5, 0, "guildhall", "translate", "https://a", "ipfs://f", HASH, "");
        (int128 value, uint8 decimals, string memory tag1, string memory tag2, bool revoked) =
            reputation.readFeedback(agentId, buyer, 1);
        vm.assertEq(value, 5);
        vm.assertEq(decimals, 0);
        vm.assertEq(tag1, "guildhall");
        vm.assertEq(tag2, "translate");
        vm.assertFalse(revoked);
        vm.assertTrue(escrow.rated(taskId));
        _expectRateRevert(
            terms, agentId, buyer, abi.encodeWithSelector(IReputationRegistry.AlreadyRated.selector, taskId)
        );
    }

    function test_refuses_everybody_but_the_buyer() public {
        bytes memory reason = abi.encodeWithSelector(IReputationRegistry.NotBuyer.selector, agent, buyer);
        _expectRateRevert(_finished(), agentId, agent, reason);
    }

    function test_refuses_a_task_that_is_not_finished() public {
        Terms memory terms = _next();
        bytes32 taskId = _submitHired(terms);
        bytes memory reason = abi.encodeWithSelector(IReputationRegistry.TaskNotFinished.selector, taskId);
        _expectRateRevert(terms, agentId, buyer, reason);
        vm.prank(agent);
        escrow.cancel(terms, "");
        _expectRateRevert(terms, agentId, buyer, reason);
    }

    function test_refuses_another_agent_than_the_one_who_worked() public {
        Terms memory terms = _finished();
        bytes4 refusal = IReputationRegistry.AgentDoesNotMatch.selector;
        _expectRateRevert(terms, agentId + 1, buyer, abi.encodeWithSelector(refusal, agentId + 1, agentId));
        _expectRateRevert(terms, 0, buyer, abi.encodeWithSelector(refusal, 0, agentId));
    }

    function test_refuses_a_buyer_who_bought_the_agent() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.transferFrom(agent, buyer, agentId);
        _expectSelfFeedback(terms);
    }

    function test_refuses_a_buyer_who_operates_the_agent() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.setApprovalForAll(buyer, true);
        _expectSelfFeedback(terms);
    }

    function test_refuses_a_buyer_who_is_approved_for_the_agent() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.approve(buyer, agentId);
        _expectSelfFeedback(terms);
    }

    function test_refuses_a_buyer_who_is_the_agents_wallet() public {
        Terms memory terms = _finished();
        uint256 deadline = _now() + 5 minutes;
        bytes memory consent = _signWallet(BUYER_KEY, buyer, agent, deadline);
        vm.prank(agent);
        identity.setAgentWallet(agentId, buyer, deadline, consent);
        _expectSelfFeedback(terms);
    }

    function test_a_revoked_operator_may_rate() public {
        Terms memory terms = _finished();
        vm.startPrank(agent);
        identity.setApprovalForAll(buyer, true);
        identity.setApprovalForAll(buyer, false);
        vm.stopPrank();
        _expectRated(terms);
    }

    function test_an_agent_that_was_sold_since_is_rated_all_the_same() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.transferFrom(agent, stranger, agentId);
        _expectRated(terms);
    }

    function test_a_refused_rating_leaves_the_task_to_be_rated() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.approve(buyer, agentId);
        _expectSelfFeedback(terms);
        vm.assertFalse(escrow.rated(escrow.taskIdOf(terms)));
        vm.prank(agent);
        identity.approve(address(0), agentId);
        _expectRated(terms);
    }

    function test_rates_under_the_id_of_the_deployments_chain_on_a_fork() public {
        Terms memory terms = _finished();
        vm.chainId(31338);
        _expectRated(terms);
    }

    function test_refuses_values_out_of_bounds() public {
        Terms memory terms = _finished();
        vm.startPrank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ValueDecimalsTooLarge.selector, 19, 18));
        reputation.giveTaskFeedback(terms, agentId, 1, 19, "", "", "", "", 0, "");
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ValueOutOfBounds.selector, int128(1e38 + 1)));
        reputation.giveTaskFeedback(terms, agentId, 1e38 + 1, 0, "", "", "", "", 0, "");
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ValueOutOfBounds.selector, -int128(1e38 + 1)));
        reputation.giveTaskFeedback(terms, agentId, -1e38 - 1, 0, "", "", "", "", 0, "");
        vm.stopPrank();
    }

    function test_the_bare_form_says_that_a_task_is_needed() public {
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.FeedbackNeedsTask.selector));
        reputation.giveFeedback(agentId, 5, 0, "", "", "", "", 0);
    }

    function test_revokes_once_and_only_ones_own() public {
        _rate(5, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.NoSuchFeedback.selector, agentId, stranger, 1));
        vm.prank(stranger);
        reputation.revokeFeedback(agentId, 1);
        vm.startPrank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.NoSuchFeedback.selector, agentId, buyer, 0));
        reputation.revokeFeedback(agentId, 0);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.FeedbackRevoked(agentId, buyer, 1);
        reputation.revokeFeedback(agentId, 1);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.AlreadyRevoked.selector, agentId, buyer, 1));
        reputation.revokeFeedback(agentId, 1);
        vm.stopPrank();
        (,,,, bool revoked) = reputation.readFeedback(agentId, buyer, 1);
        vm.assertTrue(revoked);
    }

    function _expectRateRevert(Terms memory terms, uint256 id, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        reputation.giveTaskFeedback(terms, id, 5, 0, "guildhall", "", "", "", HASH, "");
    }

    function _expectSelfFeedback(Terms memory terms) private {
        bytes memory reason = abi.encodeWithSelector(IReputationRegistry.SelfFeedback.selector, buyer, agentId);
        _expectRateRevert(terms, agentId, buyer, reason);
    }

    function _expectRated(Terms memory terms) private {
        vm.prank(buyer);
        reputation.giveTaskFeedback(terms, agentId, 5, 0, "", "", "", "", 0, "");
        vm.assertTrue(escrow.rated(escrow.taskIdOf(terms)));
        vm.assertEq(uint256(reputation.getLastIndex(agentId, buyer)), 1);
    }
}
