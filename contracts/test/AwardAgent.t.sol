// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, Bid, State} from "../src/interfaces/ITaskEscrow.sol";

/// Says yes to everybody and every id, as no registry of ours would.
contract CredulousRegistry {
    function isController(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// Whose agent a bid may name, and what is kept of him.
contract AwardAgentTest is EscrowTest {
    function test_refuses_a_bid_with_anothers_agent_id() public {
        vm.prank(stranger);
        uint256 others = identity.register("");
        _expectUncontrolled(others, "other");
        _expectUncontrolled(0, "zero");
        _expectUncontrolled(999, "unborn");
        _expectUncontrolled(uint256(1) << 44, "too large");
    }

    /// Whatever a registry promises, the packed word holds 44 bits.
    function test_takes_the_largest_id_that_fits_and_none_above_it() public {
        vm.etch(address(identity), address(new CredulousRegistry()).code);
        uint256 largest = (uint256(1) << 44) - 1;
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.prank(agent);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.AgentIdNotControlled.selector, largest + 1, agent));
        escrow.submit(terms, largest + 1, keccak256("work"), "");
        vm.prank(agent);
        escrow.submit(terms, largest, keccak256("work"), "");
        (State state,,, uint256 stored,,) = escrow.taskOf(taskId);
        vm.assertEq(stored, largest);
        vm.assertTrue(state == State.Submitted);
    }

    function test_refuses_an_old_owners_bid_after_the_agent_was_sold() public {
        Terms memory terms = _auction();
        Bid memory bid = _bidFor(terms);
        vm.prank(agent);
        identity.transferFrom(agent, stranger, agentId);
        _expectAwardRevert(
            terms,
            bid,
            PRICE,
            auctioneer,
            abi.encodeWithSelector(ITaskEscrow.AgentIdNotControlled.selector, agentId, agent)
        );
    }

    /// Agent and payee are snapshotted: selling the agent in mid-task moves no money.
    function test_selling_the_agent_later_changes_nothing() public {
        Terms memory terms = _buyerAwarded();
        bytes32 taskId = _award(terms);
        vm.prank(agent);
        identity.transferFrom(agent, stranger, agentId);
        _submit(terms);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        vm.assertEq(usdc.balanceOf(payee), PRICE - _fee(PRICE));
        _assertEnded(taskId, State.Released);
    }

    function testFuzz_agent_and_payee_survive_the_packing(uint256 key, address paidTo, uint96 price) public {
        key = (key % 1e60) + 1e6;
        address worker = vm.addr(key);
        vm.assume(paidTo != address(0) && paidTo != address(escrow) && paidTo != address(usdc));
        vm.assume(worker != buyer && worker != arbiter);
        price = uint96(price % BUDGET) + 1;
        vm.prank(worker);
        uint256 id = identity.register();
        Terms memory terms = _buyerAwarded();
        Bid memory bid = _bidFor(terms);
        (bid.agent, bid.agentId, bid.payee, bid.minPrice) = (worker, id, paidTo, price);
        bytes32 taskId = _fund(terms);
        bytes memory signature = _sign(key, escrow.bidDigestOf(bid));
        vm.prank(buyer);
        escrow.award(terms, bid, signature, price, 0, "");
        (, uint96 remaining,, uint256 storedId, address storedAgent, address storedPayee) = escrow.taskOf(taskId);
        vm.assertEq(remaining, price);
        vm.assertEq(storedId, id);
        vm.assertEq(storedAgent, worker);
        vm.assertEq(storedPayee, paidTo);
    }

    function _expectUncontrolled(uint256 id, bytes memory salt) private {
        Terms memory terms = _auction();
        terms.salt = keccak256(salt);
        Bid memory bid = _bidFor(terms);
        bid.agentId = id;
        bytes memory reason = abi.encodeWithSelector(ITaskEscrow.AgentIdNotControlled.selector, id, agent);
        _expectAwardRevert(terms, bid, PRICE, auctioneer, reason);
    }

    function _expectAwardRevert(Terms memory terms, Bid memory bid, uint96 price, address sender, bytes memory reason)
        private
    {
        _fund(terms);
        bytes memory signature = _sign(AGENT_KEY, escrow.bidDigestOf(bid));
        vm.expectRevert(reason);
        vm.prank(sender);
        escrow.award(terms, bid, signature, price, 0, "");
        terms.salt = keccak256(abi.encode(terms.salt, "used"));
    }
}
