// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";

contract ReputationTest is EscrowTest {
    bytes32 private constant TASK_FEEDBACK = keccak256(
        "TaskFeedback(bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,string tag2,string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline)"
    );
    bytes32 private constant HASH = keccak256("comment");

    uint256 private _salt;

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
        reputation.giveTaskFeedback(
            terms, agentId, 5, 0, "guildhall", "translate", "https://a", "ipfs://f", HASH, ""
        );
        (int128 value, uint8 decimals, string memory tag1, string memory tag2, bool revoked) =
            reputation.readFeedback(agentId, buyer, 1);
        vm.assertEq(value, 5);
        vm.assertEq(decimals, 0);
        vm.assertEq(tag1, "guildhall");
        vm.assertEq(tag2, "translate");
        vm.assertFalse(revoked);
        _expectRateRevert(terms, agentId, buyer, abi.encodeWithSelector(IReputationRegistry.AlreadyRated.selector, taskId));
    }

    function test_carried_with_the_buyers_signature() public {
        Terms memory terms = _finished();
        bytes memory auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, _soon());
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.BadSignature.selector, buyer));
        reputation.giveTaskFeedback(terms, agentId, 5, 0, "guildhall", "", "", "", HASH, auth);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "", HASH, auth);
        vm.assertEq(reputation.getLastIndex(agentId, buyer), 1);
    }

    function test_refuses_a_bad_auth() public {
        Terms memory terms = _finished();
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.BadAuth.selector, 2));
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "", HASH, hex"0102");
        uint40 deadline = uint40(_now() - 1);
        bytes memory late = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, deadline);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.IntentExpired.selector, _now(), deadline));
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "", HASH, late);
        _expectRateRevert(
            terms, agentId, agent, abi.encodeWithSelector(IReputationRegistry.NotBuyer.selector, agent, buyer)
        );
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

    function test_refuses_a_buyer_who_controls_the_agent() public {
        Terms memory terms = _finished();
        vm.prank(agent);
        identity.transferFrom(agent, buyer, agentId);
        _expectRateRevert(
            terms, agentId, buyer, abi.encodeWithSelector(IReputationRegistry.SelfFeedback.selector, buyer, agentId)
        );
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

    function test_summary_is_the_mean_in_the_decimals_used_most() public {
        _rate(450, 2, "a");
        _rate(350, 2, "a");
        _rate(5, 0, "b");
        address[] memory clients = new address[](1);
        clients[0] = buyer;
        (uint64 count, int128 value, uint8 decimals) = reputation.getSummary(agentId, clients, "", "");
        vm.assertEq(count, 3);
        vm.assertEq(decimals, 2);
        vm.assertEq(value, 433);
        (count, value, decimals) = reputation.getSummary(agentId, clients, "b", "");
        vm.assertEq(count, 1);
        vm.assertEq(value, 5);
        vm.assertEq(decimals, 0);
        vm.prank(buyer);
        reputation.revokeFeedback(agentId, 3);
        (count, value, decimals) = reputation.getSummary(agentId, clients, "b", "");
        vm.assertEq(uint256(count) + decimals, 0);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.ClientsRequired.selector));
        reputation.getSummary(agentId, new address[](0), "", "");
    }

    function test_summary_takes_the_fewest_decimals_of_a_draw_and_cuts_towards_zero() public {
        _rate(-175, 2, "a");
        _rate(-2, 0, "a");
        address[] memory clients = new address[](2);
        (clients[0], clients[1]) = (buyer, buyer);
        (uint64 count, int128 value, uint8 decimals) = reputation.getSummary(agentId, clients, "", "");
        vm.assertEq(count, 4);
        vm.assertEq(value, -1);
        vm.assertEq(decimals, 0);
    }

    function test_reads_all_with_filters() public {
        _rate(5, 0, "a");
        _rate(-3, 1, "b");
        vm.prank(buyer);
        reputation.revokeFeedback(agentId, 1);
        address[] memory nobody = new address[](0);
        (address[] memory clients, uint64[] memory indexes, int128[] memory values,,,, bool[] memory revoked) =
            reputation.readAllFeedback(agentId, nobody, "", "", true);
        vm.assertEq(clients.length, 2);
        vm.assertEq(clients[1], buyer);
        vm.assertEq(uint256(indexes[1]), 2);
        vm.assertEq(values[1], -3);
        vm.assertTrue(revoked[0]);
        (clients, indexes,,,,,) = reputation.readAllFeedback(agentId, nobody, "", "", false);
        vm.assertEq(clients.length, 1);
        vm.assertEq(uint256(indexes[0]), 2);
        (clients,,,,,,) = reputation.readAllFeedback(agentId, nobody, "a", "", false);
        vm.assertEq(clients.length, 0);
    }

    function test_responses_are_counted_per_entry_client_and_responder() public {
        _rate(5, 0, "");
        _rate(5, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.EmptyResponse.selector));
        reputation.appendResponse(agentId, buyer, 1, "", 0);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.NoSuchFeedback.selector, agentId, buyer, 3));
        reputation.appendResponse(agentId, buyer, 3, "ipfs://r", 0);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.ResponseAppended(agentId, buyer, 1, agent, "ipfs://r", HASH);
        vm.prank(agent);
        reputation.appendResponse(agentId, buyer, 1, "ipfs://r", HASH);
        vm.prank(agent);
        reputation.appendResponse(agentId, buyer, 1, "ipfs://r2", HASH);
        vm.prank(stranger);
        reputation.appendResponse(agentId, buyer, 2, "ipfs://s", HASH);
        address[] memory all = new address[](0);
        address[] memory one = new address[](1);
        one[0] = agent;
        vm.assertEq(reputation.getResponseCount(agentId, buyer, 1, all), 2);
        vm.assertEq(reputation.getResponseCount(agentId, buyer, 0, all), 3);
        vm.assertEq(reputation.getResponseCount(agentId, address(0), 0, all), 3);
        vm.assertEq(reputation.getResponseCount(agentId, address(0), 0, one), 2);
        vm.assertEq(reputation.getResponseCount(agentId, buyer, 2, one), 0);
    }

    function test_lists_each_client_once() public {
        _rate(5, 0, "");
        _rate(4, 0, "");
        vm.assertEq(reputation.getClients(agentId).length, 1);
        vm.assertEq(reputation.getLastIndex(agentId, buyer), 2);
        vm.assertEq(reputation.getIdentityRegistry(), address(identity));
    }

    function _rate(int128 value, uint8 decimals, string memory tag) private {
        Terms memory terms = _finished();
        vm.prank(buyer);
        reputation.giveTaskFeedback(terms, agentId, value, decimals, tag, "", "", "", 0, "");
    }

    function _finished() private returns (Terms memory terms) {
        terms = _next();
        _submitHired(terms);
        vm.prank(buyer);
        escrow.release(terms, BUDGET, "");
    }

    function _next() private returns (Terms memory terms) {
        terms = _directHire();
        terms.salt = bytes32(++_salt);
    }

    function _feedbackAuth(uint256 key, bytes32 taskId, int128 value, uint40 deadline)
        private
        view
        returns (bytes memory)
    {
        bytes32 none = keccak256("");
        bytes32 intent = keccak256(
            abi.encode(
                TASK_FEEDBACK, taskId, agentId, value, uint8(0), keccak256("guildhall"), none, none, none, HASH, deadline
            )
        );
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Guildhall ReputationRegistry"),
                keccak256("1"),
                block.chainid,
                address(reputation)
            )
        );
        return abi.encodePacked(deadline, _sign(key, keccak256(abi.encodePacked(hex"1901", domain, intent))));
    }

    function _expectRateRevert(Terms memory terms, uint256 id, address sender, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        reputation.giveTaskFeedback(terms, id, 5, 0, "guildhall", "", "", "", HASH, "");
    }
}
