// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";

/// What registrations and ratings cost as transactions of their own, the escrow's part of a rating included.
/// forge-config: default.isolate = true
contract RegistryGasTest is EscrowTest {
    string private constant CONTENT_URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    /// 66 bytes that are no content id.
    string private constant LONG_URI = "https://agents.example/.well-known/agents/translator-en-to-de.json";
    bytes32 private constant DIGEST = keccak256("card");

    uint256 private _salt;

    function test_register() public {
        vm.prank(stranger);
        identity.registerByDigest(DIGEST);
        vm.snapshotGasLastCall("Registries", "register by digest");
        vm.prank(buyer);
        identity.register(CONTENT_URI);
        vm.snapshotGasLastCall("Registries", "register with a content id");
        vm.prank(auctioneer);
        identity.register(LONG_URI);
        vm.snapshotGasLastCall("Registries", "register with a 66-byte URI");
    }

    function test_rate() public {
        _rate(_finished(buyer), buyer, "translate");
        vm.snapshotGasLastCall("Registries", "feedback, the first of the agent, with tags never used before");
        _rate(_finished(buyer), buyer, "translate");
        vm.snapshotGasLastCall("Registries", "feedback, a later one");
        _rate(_finished(stranger), stranger, "translate");
        vm.snapshotGasLastCall("Registries", "feedback, the first of a client");
        _rate(_finished(buyer), buyer, "summarise");
        vm.snapshotGasLastCall("Registries", "feedback, a later one, with tags never used before");
    }

    function test_rate_an_agent_for_the_first_time() public {
        _rate(_finished(buyer), buyer, "translate");
        vm.prank(agent);
        agentId = identity.register();
        _rate(_finished(buyer), buyer, "translate");
        vm.snapshotGasLastCall("Registries", "feedback, the first of the agent");
    }

    function _rate(Terms memory terms, address client, string memory tag2) private {
        vm.prank(client);
        reputation.giveTaskFeedback(terms, agentId, 5, 0, "guildhall", tag2, "", "", 0, "");
    }

    function _finished(address client) private returns (Terms memory terms) {
        terms = _directHire();
        terms.buyer = client;
        terms.salt = keccak256(abi.encode(++_salt));
        usdc.mint(client, BUDGET);
        vm.prank(client);
        usdc.approve(address(escrow), BUDGET);
        _submitHired(terms);
        vm.prank(client);
        escrow.release(terms, BUDGET, "");
    }
}
