// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityIntents} from "./IdentityIntents.sol";
import {vm, Vm} from "./Vm.sol";
import {IIdentityRegistry, MetadataEntry} from "../src/interfaces/IIdentityRegistry.sol";

/// INV-54: selectors, topics and their order are those of the draft's own signature strings.
contract IdentityStandardTest is IdentityIntents {
    bytes32 private constant REGISTERED = keccak256("Registered(uint256,string,address)");
    bytes32 private constant URI_UPDATED = keccak256("URIUpdated(uint256,string,address)");
    bytes32 private constant METADATA_SET = keccak256("MetadataSet(uint256,string,string,bytes)");
    bytes32 private constant TRANSFER = keccak256("Transfer(address,address,uint256)");

    /// Called by nothing but the draft's text.
    function test_every_function_answers_to_its_signature() public {
        bytes memory registered = _call(agent, abi.encodeWithSignature("register()"));
        uint256 id = abi.decode(registered, (uint256));
        _call(agent, abi.encodeWithSignature("register(string)", "ipfs://a"));
        MetadataEntry[] memory entries = new MetadataEntry[](1);
        entries[0] = MetadataEntry("k", "v");
        bytes memory full = abi.encodeWithSignature("register(string,(string,bytes)[])", "ipfs://b", entries);
        vm.assertEq(abi.decode(_call(agent, full), (uint256)), id + 2);
        _call(agent, abi.encodeWithSignature("setAgentURI(uint256,string)", id, "ipfs://c"));
        _call(agent, abi.encodeWithSignature("setMetadata(uint256,string,bytes)", id, "k", bytes("w")));
        bytes memory value = _call(agent, abi.encodeWithSignature("getMetadata(uint256,string)", id, "k"));
        vm.assertEq(abi.decode(value, (bytes)), "w");
        uint256 deadline = _now() + 5 minutes;
        bytes memory consent = _signWallet(STRANGER_KEY, stranger, agent, deadline);
        _call(
            agent,
            abi.encodeWithSignature(
                "setAgentWallet(uint256,address,uint256,bytes)", agentId, stranger, deadline, consent
            )
        );
        bytes memory wallet = _call(agent, abi.encodeWithSignature("getAgentWallet(uint256)", agentId));
        vm.assertEq(abi.decode(wallet, (address)), stranger);
        _call(agent, abi.encodeWithSignature("unsetAgentWallet(uint256)", agentId));
    }

    function test_a_registration_is_told_as_the_draft_says() public {
        MetadataEntry[] memory entries = new MetadataEntry[](1);
        entries[0] = MetadataEntry("k", "v");
        vm.recordLogs();
        vm.prank(stranger);
        uint256 id = identity.register("ipfs://b", entries);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 4);
        _assertTopics(logs[0], TRANSFER, 0, _word(stranger), bytes32(id));
        vm.assertEq(logs[0].data, "");
        _assertTopics(logs[1], REGISTERED, bytes32(id), _word(stranger));
        vm.assertEq(logs[1].data, abi.encode("ipfs://b"));
        _assertTopics(logs[2], METADATA_SET, bytes32(id), keccak256("agentWallet"));
        vm.assertEq(logs[2].data, abi.encode("agentWallet", abi.encodePacked(stranger)));
        _assertTopics(logs[3], METADATA_SET, bytes32(id), keccak256("k"));
        vm.assertEq(logs[3].data, abi.encode("k", bytes("v")));
    }

    function test_changes_are_told_as_the_draft_says() public {
        vm.recordLogs();
        vm.startPrank(agent);
        identity.setAgentURI(agentId, "ipfs://new");
        identity.unsetAgentWallet(agentId);
        identity.transferFrom(agent, stranger, agentId);
        vm.stopPrank();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 4);
        _assertTopics(logs[0], URI_UPDATED, bytes32(agentId), _word(agent));
        vm.assertEq(logs[0].data, abi.encode("ipfs://new"));
        _assertTopics(logs[1], METADATA_SET, bytes32(agentId), keccak256("agentWallet"));
        vm.assertEq(logs[1].data, abi.encode("agentWallet", bytes("")));
        _assertTopics(logs[2], TRANSFER, _word(agent), _word(stranger), bytes32(agentId));
        _assertTopics(logs[3], METADATA_SET, bytes32(agentId), keccak256("agentWallet"));
        vm.assertEq(logs[3].data, abi.encode("agentWallet", bytes("")));
    }

    /// A digest registers with the same events as its text.
    function testFuzz_a_digest_is_told_as_its_text(bytes32 digest) public {
        vm.recordLogs();
        vm.startPrank(stranger);
        string memory uri = identity.tokenURI(identity.registerByDigest(digest));
        identity.register(uri);
        vm.stopPrank();
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 6);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(logs[i].data, logs[i + 3].data);
            vm.assertEq(logs[i].topics.length, logs[i + 3].topics.length);
            vm.assertEq(logs[i].topics[0], logs[i + 3].topics[0]);
        }
    }

    function _call(address sender, bytes memory data) private returns (bytes memory answer) {
        bool done;
        vm.prank(sender);
        (done, answer) = address(identity).call(data);
        vm.assertTrue(done);
    }

    function _assertTopics(Vm.Log memory log, bytes32 name, bytes32 first, bytes32 second) private pure {
        vm.assertEq(log.topics.length, 3);
        vm.assertEq(log.topics[0], name);
        vm.assertEq(log.topics[1], first);
        vm.assertEq(log.topics[2], second);
    }

    function _assertTopics(Vm.Log memory log, bytes32 name, bytes32 first, bytes32 second, bytes32 third) private pure {
        vm.assertEq(log.topics.length, 4);
        vm.assertEq(log.topics[0], name);
        vm.assertEq(log.topics[1], first);
        vm.assertEq(log.topics[2], second);
        vm.assertEq(log.topics[3], third);
    }

    function _word(address account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
