// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State, PermitSignature} from "../src/interfaces/ITaskEscrow.sol";
import {HostileToken} from "../mocks/HostileToken.sol";
import {Wallet} from "../mocks/Wallets.sol";

contract FundWithPermitTest is EscrowTest {
    bytes32 private constant FUND = keccak256("Fund(bytes32 taskId,uint40 deadline)");

    /// No allowance but what a permit gives.
    function setUp() public override {
        super.setUp();
        vm.prank(buyer);
        usdc.approve(address(escrow), 0);
    }

    function test_takes_the_budget_by_the_permit_that_it_carries() public {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.taskIdOf(terms);
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(taskId, terms);
        vm.prank(buyer);
        vm.assertEq(escrow.fundWithPermit(terms, permit, ""), taskId);
        _assertState(taskId, State.Funded);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
        vm.assertEq(usdc.allowance(buyer, address(escrow)), 0);
    }

    function test_carried_with_the_buyers_two_signatures() public {
        Terms memory terms = _auction();
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.prank(stranger);
        _assertState(escrow.fundWithPermit(terms, permit, auth), State.Funded);
    }

    /// A permit is an allowance, and an allowance alone authorises no terms.
    function test_refuses_a_permit_without_the_buyers_word_on_the_terms() public {
        Terms memory terms = _auction();
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        vm.prank(stranger);
        escrow.fundWithPermit(terms, permit, "");
        vm.assertEq(usdc.nonces(buyer), 0);
    }

    /// Front-run: somebody carried the permit to the token before; the rightful fund goes on.
    function test_a_permit_that_was_carried_before_stops_nothing() public {
        Terms memory terms = _auction();
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.prank(stranger);
        usdc.permit(buyer, address(escrow), permit.value, permit.deadline, permit.signature);
        vm.prank(buyer);
        _assertState(escrow.fundWithPermit(terms, permit, ""), State.Funded);
        vm.assertEq(usdc.nonces(buyer), 1);
    }

    function test_a_bad_permit_stops_nothing_where_an_allowance_is_there() public {
        vm.prank(buyer);
        usdc.approve(address(escrow), BUDGET);
        vm.prank(buyer);
        _assertState(escrow.fundWithPermit(_auction(), PermitSignature(BUDGET, 0, hex"00"), ""), State.Funded);
    }

    function test_refuses_a_bad_permit_where_no_allowance_is_there() public {
        Terms memory terms = _auction();
        _expectNoAllowance(terms, _permit(STRANGER_KEY, BUDGET));
        _expectNoAllowance(terms, _permit(BUYER_KEY, BUDGET - 1));
        PermitSignature memory late = _permit(BUYER_KEY, BUDGET);
        vm.warp(late.deadline + 1);
        _expectNoAllowance(terms, late);
    }

    function test_works_in_the_permits_last_second() public {
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.warp(permit.deadline);
        vm.prank(buyer);
        escrow.fundWithPermit(_auction(), permit, "");
    }

    /// What a larger permit leaves is an allowance like any other: worth nothing to a stranger.
    function test_what_a_larger_permit_leaves_funds_no_strangers_terms() public {
        PermitSignature memory permit = _permit(BUYER_KEY, 3 * BUDGET);
        vm.prank(buyer);
        escrow.fundWithPermit(_auction(), permit, "");
        vm.assertEq(usdc.allowance(buyer, address(escrow)), 2 * BUDGET);
        Terms memory invented = _directHire();
        invented.agent = stranger;
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.NotBuyer.selector, stranger, buyer));
        vm.prank(stranger);
        escrow.fund(invented, "");
    }

    function test_a_refused_task_leaves_the_permit_unused() public {
        Terms memory terms = _auction();
        terms.budget = 0;
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BudgetZero.selector));
        vm.prank(buyer);
        escrow.fundWithPermit(terms, permit, "");
        vm.assertEq(usdc.nonces(buyer), 0);
    }

    function test_refuses_while_new_money_is_paused_and_an_id_that_exists() public {
        Terms memory terms = _auction();
        PermitSignature memory permit = _permit(BUYER_KEY, BUDGET);
        uint256 until = _now() + 1;
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, until));
        vm.prank(buyer);
        escrow.fundWithPermit(terms, permit, "");
        _skip(1);
        vm.prank(buyer);
        bytes32 taskId = escrow.fundWithPermit(terms, permit, "");
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        vm.prank(buyer);
        escrow.fundWithPermit(terms, permit, "");
    }

    function test_a_contract_wallet_permits_by_erc1271() public {
        Wallet wallet = new Wallet(buyer);
        usdc.mint(address(wallet), BUDGET);
        Terms memory terms = _auction();
        terms.buyer = address(wallet);
        PermitSignature memory permit = _permitOf(address(wallet), BUYER_KEY, BUDGET);
        bytes memory auth = _auth(BUYER_KEY, abi.encode(FUND, escrow.taskIdOf(terms), _soon()));
        _assertState(escrow.fundWithPermit(terms, permit, auth), State.Funded);
    }

    /// A token that knows no permit funds by the allowance that is there.
    function test_a_token_without_permit_is_funded_by_allowance() public {
        HostileToken token = new HostileToken();
        _deployOver(address(token));
        token.mint(buyer, BUDGET);
        vm.startPrank(buyer);
        token.approve(address(escrow), BUDGET);
        _assertState(escrow.fundWithPermit(_auction(), PermitSignature(BUDGET, _now(), ""), ""), State.Funded);
        vm.stopPrank();
    }

    function _permit(uint256 key, uint256 value) private view returns (PermitSignature memory) {
        return _permitOf(buyer, key, value);
    }

    function _permitOf(address owner, uint256 key, uint256 value) private view returns (PermitSignature memory) {
        uint256 deadline = _now() + 1 hours;
        bytes32 intent =
            keccak256(abi.encode(usdc.PERMIT_TYPEHASH(), owner, address(escrow), value, usdc.nonces(owner), deadline));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", usdc.DOMAIN_SEPARATOR(), intent));
        return PermitSignature(value, deadline, _sign(key, digest));
    }

    function _expectNoAllowance(Terms memory terms, PermitSignature memory permit) private {
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        vm.prank(buyer);
        escrow.fundWithPermit(terms, permit, "");
        _assertState(escrow.taskIdOf(terms), State.None);
    }
}
