// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPayouts} from "../src/interfaces/IPayouts.sol";

contract FundTest is EscrowTest {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");

    function test_takes_the_budget_by_allowance() public {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.taskIdOf(terms);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(taskId, terms);
        vm.assertEq(_fund(terms), taskId);
        _assertState(taskId, State.Funded);
        vm.assertEq(_remainingOf(taskId), BUDGET);
        vm.assertEq(_sinceOf(taskId), _now());
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
    }

    function test_task_id_binds_chain_escrow_and_every_field() public {
        Terms memory terms = _auction();
        vm.assertEq(escrow.taskIdOf(terms), keccak256(abi.encode(31337, address(escrow), terms)));
        ITaskEscrow other = Deployed.taskEscrow(address(usdc), address(identity), guardian, feeOwner, FEE_BPS);
        vm.assertTrue(other.taskIdOf(terms) != escrow.taskIdOf(terms));
    }

    function test_carried_with_the_buyers_signature() public {
        Terms memory terms = _auction();
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
        vm.prank(stranger);
        _assertState(escrow.fund(terms, auth), State.Funded);
    }

    /// An allowance alone never authorises terms: a stranger can't invent them.
    function test_refuses_terms_that_a_stranger_invented() public {
        Terms memory terms = _auction();
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        vm.prank(stranger);
        escrow.fund(terms, "");
    }

    function test_refuses_a_signature_over_other_terms() public {
        Terms memory terms = _auction();
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
        terms.agent = stranger;
        terms.awardBy = 0;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
        escrow.fund(terms, auth);
    }

    function test_refuses_the_same_terms_twice() public {
        Terms memory terms = _auction();
        bytes32 taskId = _fund(terms);
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
    }

    /// INV-5: a finished id is never funded again.
    function test_refuses_a_finished_id() public {
        Terms memory terms = _directHire();
        bytes32 taskId = _fund(terms);
        vm.prank(agent);
        escrow.cancel(terms, "");
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
    }

    function test_takes_money_by_authorization_whoever_carries_it() public {
        Terms memory terms = _auction();
        bytes memory signature = _authorization(BUYER_KEY, terms, _now() + 1 hours);
        vm.prank(stranger);
        bytes32 taskId = escrow.fundWithAuthorization(terms, 0, _now() + 1 hours, signature);
        _assertState(taskId, State.Funded);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
    }

    function test_refuses_an_authorization_for_other_terms() public {
        Terms memory terms = _auction();
        bytes memory signature = _authorization(BUYER_KEY, terms, _now() + 1 hours);
        terms.arbiter = stranger;
        vm.expectRevert(bytes("FiatTokenV2: invalid signature"));
        escrow.fundWithAuthorization(terms, 0, _now() + 1 hours, signature);
    }

    /// A collector other than the escrow can't take the authorised money.
    function test_refuses_a_foreign_collector() public {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory signature = _authorization(BUYER_KEY, terms, _now() + 1 hours);
        vm.expectRevert(bytes("FiatTokenV2: caller must be the payee"));
        vm.prank(stranger);
        usdc.receiveWithAuthorization(buyer, address(escrow), BUDGET, 0, _now() + 1 hours, taskId, signature);
    }

    function test_refuses_an_expired_authorization() public {
        Terms memory terms = _auction();
        uint256 validBefore = _now() + 1;
        bytes memory signature = _authorization(BUYER_KEY, terms, validBefore);
        _skip(1);
        vm.expectRevert(bytes("FiatTokenV2: authorization is expired"));
        escrow.fundWithAuthorization(terms, 0, validBefore, signature);
    }

    function test_refuses_terms_that_a_parent_pays_for() public {
        Terms memory terms = _auction();
        terms.parent = bytes32(uint256(1));
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.ParentPays.selector, terms.parent));
    }

    function test_refuses_more_for_children_than_the_budget() public {
        Terms memory terms = _auction();
        terms.childCap = BUDGET + 1;
        bytes4 refusal = ITaskEscrow.ChildCapOutOfBounds.selector;
        _expectFundRevert(terms, abi.encodeWithSelector(refusal, BUDGET + 1, BUDGET));
    }

    function test_refuses_an_empty_budget() public {
        Terms memory terms = _auction();
        terms.budget = 0;
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.BudgetZero.selector));
    }

    function test_refuses_equal_or_missing_parties() public {
        Terms memory terms = _directHire();
        terms.arbiter = address(0);
        _expectFundRevert(terms, abi.encodeWithSelector(IPayouts.ZeroParty.selector));
        terms.arbiter = buyer;
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.PartiesNotDistinct.selector, buyer));
        terms.arbiter = agent;
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.PartiesNotDistinct.selector, agent));
        terms.arbiter = arbiter;
        terms.agent = buyer;
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.PartiesNotDistinct.selector, buyer));
    }

    function test_refuses_a_hired_agent_that_cannot_be_paid() public {
        Terms memory terms = _directHire();
        terms.agent = address(escrow);
        _expectFundRevert(terms, abi.encodeWithSelector(IPayouts.BadPayee.selector, address(escrow)));
        terms.agent = address(usdc);
        _expectFundRevert(terms, abi.encodeWithSelector(IPayouts.BadPayee.selector, address(usdc)));
    }

    function test_buyer_zero_is_no_party() public {
        Terms memory terms = _auction();
        terms.buyer = address(0);
        vm.expectRevert(abi.encodeWithSelector(IPayouts.ZeroParty.selector));
        escrow.fundWithAuthorization(terms, 0, _now() + 1, "");
    }

    function test_refuses_a_share_above_the_whole() public {
        Terms memory terms = _auction();
        terms.defaultShareBps = 10_001;
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.ShareAboveWhole.selector, 10_001, 10_000));
    }

    function test_windows_at_their_edges() public {
        Terms memory terms = _auction();
        terms.reviewSeconds = 0;
        _expectWindow(terms, 0, 1, 30 days);
        terms.reviewSeconds = 30 days + 1;
        _expectWindow(terms, 30 days + 1, 1, 30 days);
        terms.reviewSeconds = 30 days;
        terms.vetoSeconds = 24 hours + 1;
        _expectWindow(terms, 24 hours + 1, 0, 24 hours);
        terms.vetoSeconds = 24 hours;
        terms.arbiterSeconds = 0;
        _expectWindow(terms, 0, 1, 30 days);
        terms.arbiterSeconds = 30 days + 1;
        _expectWindow(terms, 30 days + 1, 1, 30 days);
        terms.arbiterSeconds = 30 days;
        terms.deliverBy = uint40(_now() + 365 days + 1);
        _expectWindow(terms, terms.deliverBy, _now(), _now() + 365 days);
        terms.deliverBy = uint40(_now() - 1);
        _expectWindow(terms, terms.deliverBy, _now(), _now() + 365 days);
        terms.deliverBy = uint40(_now() + 365 days);
        _fund(terms);
    }

    function test_award_time_is_between_now_and_delivery_or_zero_for_a_hire() public {
        Terms memory terms = _auction();
        terms.awardBy = uint40(_now() - 1);
        _expectWindow(terms, terms.awardBy, _now(), terms.deliverBy);
        terms.awardBy = terms.deliverBy + 1;
        _expectWindow(terms, terms.awardBy, _now(), terms.deliverBy);
        terms.awardBy = terms.deliverBy;
        _fund(terms);
        Terms memory hire = _directHire();
        hire.awardBy = hire.deliverBy;
        _expectWindow(hire, hire.awardBy, 0, 0);
    }

    function test_a_public_chain_has_longer_least_windows() public {
        vm.chainId(137);
        ITaskEscrow polygon = Deployed.taskEscrow(address(usdc), address(identity), guardian, feeOwner, FEE_BPS);
        Terms memory terms = _auction();
        terms.reviewSeconds = 1 hours - 1;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, 1 hours - 1, 1 hours, 30 days));
        vm.prank(buyer);
        polygon.fund(terms, "");
        terms.reviewSeconds = 1 hours;
        terms.arbiterSeconds = 1 days - 1;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, 1 days - 1, 1 days, 30 days));
        vm.prank(buyer);
        polygon.fund(terms, "");
    }

    /// INV-21. The lowest bit beyond each field's type; parent, content and salt are whole words.
    function test_refuses_stray_bits_in_every_field() public {
        uint16[15] memory widths = [160, 160, 160, 160, 256, 256, 256, 96, 96, 40, 40, 32, 32, 32, 16];
        for (uint256 i = 0; i < widths.length; i++) {
            if (widths[i] == 256) continue;
            bytes memory call_ = abi.encodeCall(escrow.fund, (_auction(), ""));
            _setBit(call_, 4 + i * 32, widths[i]);
            _expectStrayBits(call_);
            call_ = abi.encodeCall(escrow.fund, (_auction(), ""));
            _setBit(call_, 4 + i * 32, 255);
            _expectStrayBits(call_);
        }
    }

    function _expectStrayBits(bytes memory call_) private {
        vm.prank(buyer);
        (bool done, bytes memory reason) = address(escrow).call(call_);
        vm.assertFalse(done);
        vm.assertEq(reason, abi.encodeWithSelector(ITaskEscrow.StrayBits.selector));
    }

    /// `bit` counts from the lowest of the word that begins at `offset`.
    function _setBit(bytes memory data, uint256 offset, uint256 bit) private pure {
        uint256 at = offset + 31 - bit / 8;
        data[at] = bytes1(uint8(data[at]) | uint8(1 << (bit % 8)));
    }

    function _expectWindow(Terms memory terms, uint256 actual, uint256 min, uint256 max) private {
        _expectFundRevert(terms, abi.encodeWithSelector(ITaskEscrow.WindowOutOfBounds.selector, actual, min, max));
    }

    function _expectFundRevert(Terms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(terms.buyer);
        escrow.fund(terms, "");
    }
}
