// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinishedTasks} from "./FinishedTasks.sol";
import {vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";

/// INV-53: feedback is read back as it was given, however it is packed.
contract ReputationStoredTest is FinishedTasks {
    struct Given {
        int128 value;
        uint8 decimals;
        string tag1;
        string tag2;
        bool revoked;
    }

    int128 private constant MOST = 1e38;

    function testFuzz_any_feedback_is_read_back(
        int128 value,
        uint8 decimals,
        string calldata tag1,
        string calldata tag2
    ) public {
        value = value % (MOST + 1);
        decimals %= 19;
        _rateWith(value, decimals, tag1, tag2);
        _assertStored(1, Given(value, decimals, tag1, tag2, false));
    }

    function test_the_outermost_values_are_read_back() public {
        _rateWith(MOST, 18, "a", "b");
        _rateWith(-MOST, 18, "a", "b");
        _rateWith(-1, 0, "", "");
        _assertStored(1, Given(MOST, 18, "a", "b", false));
        _assertStored(2, Given(-MOST, 18, "a", "b", false));
        _assertStored(3, Given(-1, 0, "", "", false));
    }

    function test_tags_that_read_alike_side_by_side_are_told_apart() public {
        string[2][6] memory pairs = [["ab", "c"], ["a", "bc"], ["abc", ""], ["", "abc"], ["", ""], ["ab", "c"]];
        for (uint256 i; i < pairs.length; ++i) {
            _rateWith(1, 0, pairs[i][0], pairs[i][1]);
        }
        for (uint256 i; i < pairs.length; ++i) {
            _assertStored(i + 1, Given(1, 0, pairs[i][0], pairs[i][1], false));
        }
    }

    function test_long_tags_are_read_back() public {
        string memory long = string(new bytes(300));
        _rateWith(1, 0, long, "x");
        _rateWith(1, 0, "x", long);
        _assertStored(1, Given(1, 0, long, "x", false));
        _assertStored(2, Given(1, 0, "x", long, false));
    }

    /// After another rating, since the first of a client stores more than its tags.
    function test_tags_are_stored_once() public {
        _rateWith(1, 0, "an older tag", "");
        uint256 fresh = _gasOfRating("a tag", "another");
        uint256 known = _gasOfRating("a tag", "another");
        vm.assertTrue(known + 30_000 < fresh, "the tags were stored again");
    }

    function test_revoking_the_first_keeps_those_that_follow() public {
        _rateWith(1, 0, "a", "");
        _rateWith(2, 1, "b", "");
        vm.prank(buyer);
        reputation.revokeFeedback(agentId, 1);
        _assertStored(1, Given(1, 0, "a", "", true));
        _rateWith(3, 2, "c", "");
        vm.assertEq(uint256(reputation.getLastIndex(agentId, buyer)), 3);
        _assertStored(2, Given(2, 1, "b", "", false));
        _assertStored(3, Given(3, 2, "c", "", false));
    }

    function test_clients_and_agents_are_kept_apart() public {
        _rateWith(1, 0, "a", "");
        Terms memory terms = _finishedFor(stranger);
        vm.prank(stranger);
        reputation.giveTaskFeedback(terms, agentId, 2, 0, "b", "", "", "", 0, "");
        uint256 first = agentId;
        vm.prank(agent);
        agentId = identity.register();
        _rateWith(3, 0, "c", "");
        vm.assertEq(reputation.getClients(first).length, 2);
        vm.assertEq(reputation.getClients(first)[1], stranger);
        vm.assertEq(reputation.getClients(agentId).length, 1);
        _assertStored(1, Given(3, 0, "c", "", false));
        agentId = first;
        _assertStored(1, Given(1, 0, "a", "", false));
        (int128 value,,,,) = reputation.readFeedback(first, stranger, 1);
        vm.assertEq(value, 2);
    }

    /// A few ratings and revocations against a plain list, every read compared.
    function testFuzz_every_read_agrees_with_a_plain_list(uint256 seed) public {
        Given[] memory list = new Given[](5);
        for (uint256 i; i < list.length; ++i) {
            list[i] = _drawn(uint256(keccak256(abi.encode(seed, i))));
            _rateWith(list[i].value, list[i].decimals, list[i].tag1, list[i].tag2);
            uint256 revoked = (seed >> i) % (i + 1);
            if ((seed >> (i + 8)) & 1 == 0 || list[revoked].revoked) continue;
            vm.prank(buyer);
            reputation.revokeFeedback(agentId, uint64(revoked + 1));
            list[revoked].revoked = true;
        }
        for (uint256 i; i < list.length; ++i) {
            _assertStored(i + 1, list[i]);
        }
        _assertFound(list, "", "");
        _assertFound(list, "x", "");
        _assertFound(list, "", "y");
        _assertFound(list, "x", "y");
    }

    function _assertFound(Given[] memory list, string memory tag1, string memory tag2) private view {
        (, uint64[] memory indexes,,, string[] memory tag1s, string[] memory tag2s, bool[] memory revoked) =
            reputation.readAllFeedback(agentId, new address[](0), tag1, tag2, true);
        address[] memory clients = new address[](1);
        clients[0] = buyer;
        (uint64 counted,,) = reputation.getSummary(agentId, clients, tag1, tag2);
        uint256 found;
        uint256 valid;
        for (uint256 i; i < list.length; ++i) {
            if (!_fits(tag1, list[i].tag1) || !_fits(tag2, list[i].tag2)) continue;
            vm.assertEq(uint256(indexes[found]), i + 1);
            vm.assertEq(tag1s[found], list[i].tag1);
            vm.assertEq(tag2s[found], list[i].tag2);
            vm.assertTrue(revoked[found] == list[i].revoked);
            ++found;
            if (!list[i].revoked) ++valid;
        }
        vm.assertEq(indexes.length, found);
        vm.assertEq(uint256(counted), valid);
    }

    function _fits(string memory asked, string memory tag) private pure returns (bool) {
        return bytes(asked).length == 0 || keccak256(bytes(asked)) == keccak256(bytes(tag));
    }

    function _drawn(uint256 seed) private pure returns (Given memory) {
        string[3] memory tags = ["", "x", "y"];
        int128 value = int128(int256(seed % 2001)) - 1000;
        return Given(value, uint8((seed >> 16) % 19), tags[(seed >> 32) % 3], tags[(seed >> 48) % 3], false);
    }

    function _gasOfRating(string memory tag1, string memory tag2) private returns (uint256 used) {
        Terms memory terms = _finished();
        vm.prank(buyer);
        used = gasleft();
        reputation.giveTaskFeedback(terms, agentId, 1, 0, tag1, tag2, "", "", 0, "");
        used -= gasleft();
    }

    function _assertStored(uint256 index, Given memory expected) private view {
        (int128 value, uint8 decimals, string memory tag1, string memory tag2, bool revoked) =
            reputation.readFeedback(agentId, buyer, uint64(index));
        vm.assertEq(value, expected.value);
        vm.assertEq(decimals, expected.decimals);
        vm.assertEq(tag1, expected.tag1);
        vm.assertEq(tag2, expected.tag2);
        vm.assertTrue(revoked == expected.revoked);
    }
}
