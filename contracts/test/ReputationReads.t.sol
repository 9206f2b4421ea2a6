// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinishedTasks} from "./FinishedTasks.sol";
import {vm} from "./Vm.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";
import {Terms} from "../src/interfaces/Terms.sol";

contract ReputationReadsTest is FinishedTasks {
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

    function test_responses_to_another_client_count_for_him_alone() public {
        address other = address(0xc11e47);
        _rate(5, 0, "");
        Terms memory terms = _finishedFor(other);
        vm.prank(other);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "", "", "", "", 0, "");
        vm.prank(agent);
        reputation.appendResponse(agentId, other, 1, "ipfs://r", HASH);
        address[] memory all = new address[](0);
        vm.assertEq(reputation.getResponseCount(agentId, buyer, 1, all), 0);
        vm.assertEq(reputation.getResponseCount(agentId, other, 1, all), 1);
        vm.assertEq(reputation.getResponseCount(agentId, address(0), 0, all), 1);
    }

    function test_lists_each_client_once() public {
        _rate(5, 0, "");
        _rate(4, 0, "");
        vm.assertEq(reputation.getClients(agentId).length, 1);
        vm.assertEq(reputation.getLastIndex(agentId, buyer), 2);
        vm.assertEq(reputation.getIdentityRegistry(), address(identity));
    }
}
