// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {FinishedTasks} from "./FinishedTasks.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms} from "../src/interfaces/ITaskEscrow.sol";
import {IReputationRegistry} from "../src/interfaces/IReputationRegistry.sol";
import {Wallet} from "../mocks/Wallets.sol";

/// INV-13, INV-14: a rating that anybody carries is the buyer's own, once.
contract ReputationCarriedTest is FinishedTasks {
    function test_carried_with_the_buyers_signature() public {
        Terms memory terms = _finished();
        bytes memory auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, _soon());
        _expectBad(buyer);
        _carry(terms, 5, auth);
        vm.expectEmit(true, true, true, true, address(reputation));
        emit IReputationRegistry.TaskRated(escrow.taskIdOf(terms), agentId, buyer, 1);
        vm.prank(stranger);
        _carry(terms, 4, auth);
        vm.assertEq(uint256(reputation.getLastIndex(agentId, buyer)), 1);
    }

    function test_refuses_a_rating_that_was_carried_before() public {
        Terms memory terms = _finished();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory auth = _feedbackAuth(BUYER_KEY, taskId, 4, _soon());
        _carry(terms, 4, auth);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.AlreadyRated.selector, taskId));
        _carry(terms, 4, auth);
    }

    function test_refuses_any_change_of_what_was_signed() public {
        Terms memory terms = _finished();
        bytes memory auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, _soon());
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 1, "guildhall", "", "", "", HASH, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "other", "", "", "", HASH, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "x", "", "", HASH, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "x", "", HASH, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "x", HASH, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "", 0, auth);
        _expectBad(buyer);
        reputation.giveTaskFeedback(terms, agentId + 1, 4, 0, "guildhall", "", "", "", HASH, auth);
        auth[4] = bytes1(uint8(auth[4]) ^ 1);
        _expectBad(buyer);
        _carry(terms, 4, auth);
    }

    function test_refuses_another_key_and_the_agents_own() public {
        Terms memory terms = _finished();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory foreign = _feedbackAuth(STRANGER_KEY, taskId, 4, _soon());
        _expectBad(buyer);
        _carry(terms, 4, foreign);
        bytes memory own = _feedbackAuth(AGENT_KEY, taskId, 4, _soon());
        _expectBad(buyer);
        _carry(terms, 4, own);
    }

    function test_refuses_an_auth_without_a_deadline() public {
        Terms memory terms = _finished();
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.BadAuth.selector, 4));
        _carry(terms, 4, hex"01020304");
    }

    function test_works_in_the_deadlines_last_second_and_not_after() public {
        Terms memory terms = _finished();
        uint40 deadline = _soon();
        bytes memory auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, deadline);
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IReputationRegistry.IntentExpired.selector, uint256(deadline) + 1, deadline)
        );
        _carry(terms, 4, auth);
        vm.warp(deadline);
        _carry(terms, 4, auth);
    }

    function test_refuses_what_was_signed_for_another_task_registry_or_chain() public {
        Terms memory terms = _finished();
        bytes memory auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(_finished()), 4, _soon());
        _expectBad(buyer);
        _carry(terms, 4, auth);
        auth = _feedbackAuth(BUYER_KEY, escrow.taskIdOf(terms), 4, _soon());
        IReputationRegistry other = Deployed.reputationRegistry(address(escrow), address(identity));
        _expectBad(buyer);
        other.giveTaskFeedback(terms, agentId, 4, 0, "guildhall", "", "", "", HASH, auth);
        vm.chainId(31338);
        _expectBad(buyer);
        _carry(terms, 4, auth);
    }

    /// The escrow heeds one registry only, the one that it was deployed for.
    function test_another_registry_rates_nothing() public {
        IReputationRegistry other = Deployed.reputationRegistry(address(escrow), address(identity));
        Terms memory terms = _finished();
        vm.expectRevert(
            abi.encodeWithSelector(ITaskEscrow.NotReputationRegistry.selector, address(other), address(reputation))
        );
        vm.prank(buyer);
        other.giveTaskFeedback(terms, agentId, 5, 0, "", "", "", "", 0, "");
    }

    function test_a_contract_wallet_rates_by_its_own_judgement() public {
        Wallet wallet = new Wallet(buyer);
        Terms memory terms = _finishedFor(address(wallet));
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory foreign = _feedbackAuth(STRANGER_KEY, taskId, 4, _soon());
        _expectBad(address(wallet));
        _carry(terms, 4, foreign);
        _carry(terms, 4, _feedbackAuth(BUYER_KEY, taskId, 4, _soon()));
        vm.assertEq(uint256(reputation.getLastIndex(agentId, address(wallet))), 1);
    }

    function _carry(Terms memory terms, int128 value, bytes memory auth) private {
        reputation.giveTaskFeedback(terms, agentId, value, 0, "guildhall", "", "", "", HASH, auth);
    }

    function _expectBad(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.BadSignature.selector, signer));
    }
}
