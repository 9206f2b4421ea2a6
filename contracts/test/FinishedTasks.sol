// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";

/// @title Finished tasks, and what their buyers sign of them.
abstract contract FinishedTasks is EscrowTest {
    bytes32 private constant TASK_FEEDBACK = keccak256(
        "TaskFeedback(bytes32 taskId,uint256 agentId,int128 value,uint8 valueDecimals,string tag1,string tag2,string endpoint,string feedbackURI,bytes32 feedbackHash,uint40 deadline)"
    );
    bytes32 internal constant HASH = keccak256("comment");

    uint256 private _salt;

    function _rate(int128 value, uint8 decimals, string memory tag1) internal {
        _rateWith(value, decimals, tag1, "");
    }

    function _rateWith(int128 value, uint8 decimals, string memory tag1, string memory tag2) internal {
        Terms memory terms = _finished();
        vm.prank(buyer);
        reputation.giveTaskFeedback(terms, agentId, value, decimals, tag1, tag2, "", "", 0, "");
    }

    function _finished() internal returns (Terms memory) {
        return _finishedFor(buyer);
    }

    function _finishedFor(address client) internal returns (Terms memory terms) {
        terms = _next();
        terms.buyer = client;
        usdc.mint(client, BUDGET);
        vm.prank(client);
        usdc.approve(address(escrow), type(uint256).max);
        _submitHired(terms);
        vm.prank(client);
        escrow.release(terms, BUDGET, "");
    }

    function _next() internal returns (Terms memory terms) {
        terms = _directHire();
        terms.salt = bytes32(++_salt);
    }

    function _feedbackAuth(uint256 key, bytes32 taskId, int128 value, uint40 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 none = keccak256("");
        bytes32 intent = keccak256(
            abi.encode(
                TASK_FEEDBACK,
                taskId,
                agentId,
                value,
                uint8(0),
                keccak256("guildhall"),
                none,
                none,
                none,
                HASH,
                deadline
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
}
