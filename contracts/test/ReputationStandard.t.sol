// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FinishedTasks} from "./FinishedTasks.sol";
import {vm, Vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";

/// INV-54: selectors, topics and their order are those of the draft's own signature strings.
contract ReputationStandardTest is FinishedTasks {
    bytes32 private constant NEW_FEEDBACK =
        keccak256("NewFeedback(uint256,address,uint64,int128,uint8,string,string,string,string,string,bytes32)");
    bytes32 private constant FEEDBACK_REVOKED = keccak256("FeedbackRevoked(uint256,address,uint64)");
    bytes32 private constant RESPONSE_APPENDED =
        keccak256("ResponseAppended(uint256,address,uint64,address,string,bytes32)");

    function test_every_read_answers_to_its_signature() public {
        _rateWith(5, 1, "a", "b");
        address[] memory nobody = new address[](0);
        address[] memory clients = new address[](1);
        clients[0] = buyer;
        vm.assertEq(_read(abi.encodeWithSignature("getIdentityRegistry()")), abi.encode(identity));
        vm.assertEq(
            _read(abi.encodeWithSignature("getSummary(uint256,address[],string,string)", agentId, clients, "a", "b")),
            abi.encode(uint64(1), int128(5), uint8(1))
        );
        vm.assertEq(
            _read(abi.encodeWithSignature("readFeedback(uint256,address,uint64)", agentId, buyer, uint64(1))),
            abi.encode(int128(5), uint8(1), "a", "b", false)
        );
        vm.assertEq(
            _read(
                abi.encodeWithSignature(
                    "readAllFeedback(uint256,address[],string,string,bool)", agentId, nobody, "", "", false
                )
            ),
            _oneOfEach(clients)
        );
        vm.assertEq(_read(abi.encodeWithSignature("getClients(uint256)", agentId)), abi.encode(clients));
        vm.assertEq(
            _read(abi.encodeWithSignature("getLastIndex(uint256,address)", agentId, buyer)), abi.encode(uint64(1))
        );
        vm.assertEq(
            _read(
                abi.encodeWithSignature(
                    "getResponseCount(uint256,address,uint64,address[])", agentId, buyer, uint64(1), nobody
                )
            ),
            abi.encode(uint64(0))
        );
    }

    function test_every_write_answers_to_its_signature() public {
        _rateWith(5, 1, "a", "b");
        _write(
            agent,
            abi.encodeWithSignature(
                "appendResponse(uint256,address,uint64,string,bytes32)", agentId, buyer, uint64(1), "ipfs://r", HASH
            )
        );
        _write(buyer, abi.encodeWithSignature("revokeFeedback(uint256,uint64)", agentId, uint64(1)));
        (bool done, bytes memory reason) = address(reputation)
            .call(
                abi.encodeWithSignature(
                    "giveFeedback(uint256,int128,uint8,string,string,string,string,bytes32)",
                    agentId,
                    int128(5),
                    uint8(0),
                    "",
                    "",
                    "",
                    "",
                    HASH
                )
            );
        vm.assertFalse(done);
        vm.assertEq(reason, abi.encodeWithSelector(IReputationRegistry.FeedbackNeedsTask.selector));
    }

    function test_feedback_is_told_as_the_draft_says() public {
        Terms memory terms = _finished();
        vm.recordLogs();
        vm.prank(buyer);
        reputation.giveTaskFeedback(terms, agentId, -7, 2, "one", "two", "https://e", "ipfs://f", HASH, "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2);
        _assertTopics(logs[0], NEW_FEEDBACK, keccak256("one"));
        vm.assertEq(
            logs[0].data, abi.encode(uint64(1), int128(-7), uint8(2), "one", "two", "https://e", "ipfs://f", HASH)
        );
    }

    function test_revocations_and_responses_are_told_as_the_draft_says() public {
        _rate(5, 0, "");
        vm.recordLogs();
        vm.prank(agent);
        reputation.appendResponse(agentId, buyer, 1, "ipfs://r", HASH);
        vm.prank(buyer);
        reputation.revokeFeedback(agentId, 1);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2);
        _assertTopics(logs[0], RESPONSE_APPENDED, bytes32(uint256(uint160(agent))));
        vm.assertEq(logs[0].data, abi.encode(uint64(1), "ipfs://r", HASH));
        _assertTopics(logs[1], FEEDBACK_REVOKED, bytes32(uint256(1)));
        vm.assertEq(logs[1].data, "");
    }

    function _assertTopics(Vm.Log memory log, bytes32 name, bytes32 third) private view {
        vm.assertEq(log.topics.length, 4);
        vm.assertEq(log.topics[0], name);
        vm.assertEq(log.topics[1], bytes32(agentId));
        vm.assertEq(log.topics[2], bytes32(uint256(uint160(buyer))));
        vm.assertEq(log.topics[3], third);
    }

    function _oneOfEach(address[] memory clients) private pure returns (bytes memory) {
        uint64[] memory indexes = new uint64[](1);
        int128[] memory values = new int128[](1);
        uint8[] memory decimals = new uint8[](1);
        string[] memory tag1s = new string[](1);
        string[] memory tag2s = new string[](1);
        (indexes[0], values[0], decimals[0], tag1s[0], tag2s[0]) = (1, 5, 1, "a", "b");
        return abi.encode(clients, indexes, values, decimals, tag1s, tag2s, new bool[](1));
    }

    function _read(bytes memory call_) private view returns (bytes memory answer) {
        bool done;
        (done, answer) = address(reputation).staticcall(call_);
        vm.assertTrue(done);
    }

    function _write(address sender, bytes memory call_) private {
        vm.prank(sender);
        (bool done,) = address(reputation).call(call_);
        vm.assertTrue(done);
    }
}
