// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";
import {IPermit2} from "../src/interfaces/IPermit2.sol";
import {MockPermit2} from "../mocks/MockPermit2.sol";
import {Wallet} from "../mocks/Wallets.sol";

contract FundWithPermit2Test is EscrowTest {
    string private constant TYPE =
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,bytes32 taskId)TokenPermissions(address token,uint256 amount)";

    MockPermit2 private permit2;

    /// The buyer allows Permit2 everything and the escrow nothing.
    function setUp() public override {
        super.setUp();
        vm.etch(Deployed.PERMIT2, address(Deployed.mockPermit2()).code);
        permit2 = MockPermit2(Deployed.PERMIT2);
        vm.startPrank(buyer);
        usdc.approve(address(permit2), type(uint256).max);
        usdc.approve(address(escrow), 0);
        vm.stopPrank();
    }

    function test_takes_the_budget_whoever_carries_it() public {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.taskIdOf(terms);
        bytes memory signature = _signed(BUYER_KEY, terms, 7);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ITaskEscrow.TaskFunded(taskId, terms);
        vm.prank(stranger);
        vm.assertEq(escrow.fundWithPermit2(terms, 7, _deadline(), signature), taskId);
        _assertState(taskId, State.Funded);
        vm.assertEq(usdc.balanceOf(address(escrow)), BUDGET);
        vm.assertEq(permit2.nonceBitmap(buyer, 0), 1 << 7);
    }

    /// The witness is the task id: the signature pays for these terms and for no others.
    function test_refuses_a_signature_for_other_terms() public {
        Terms memory terms = _auction();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        terms.arbiter = stranger;
        _expectRefused(terms, 0, signature, MockPermit2.InvalidSigner.selector);
    }

    function test_refuses_another_amount() public {
        Terms memory terms = _auction();
        bytes memory signature = _signedOver(BUYER_KEY, terms, 0, BUDGET - 1, address(escrow));
        _expectRefused(terms, 0, signature, MockPermit2.InvalidSigner.selector);
    }

    function test_refuses_another_signer_and_another_nonce() public {
        Terms memory terms = _auction();
        _expectRefused(terms, 0, _signed(STRANGER_KEY, terms, 0), MockPermit2.InvalidSigner.selector);
        _expectRefused(terms, 1, _signed(BUYER_KEY, terms, 0), MockPermit2.InvalidSigner.selector);
    }

    /// A foreign collector: the spender is in what was signed.
    function test_refuses_what_was_signed_for_another_collector() public {
        Terms memory terms = _auction();
        bytes memory signature = _signedOver(BUYER_KEY, terms, 0, BUDGET, stranger);
        _expectRefused(terms, 0, signature, MockPermit2.InvalidSigner.selector);
        IPermit2.PermitTransferFrom memory permit =
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(address(usdc), BUDGET), 0, _deadline());
        IPermit2.SignatureTransferDetails memory to = IPermit2.SignatureTransferDetails(stranger, BUDGET);
        bytes32 witness = escrow.taskIdOf(terms);
        signature = _signed(BUYER_KEY, terms, 0);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.InvalidSigner.selector));
        vm.prank(stranger);
        permit2.permitWitnessTransferFrom(
            permit, to, buyer, witness, "bytes32 taskId)TokenPermissions(address token,uint256 amount)", signature
        );
    }

    function test_until_the_deadlines_last_second() public {
        Terms memory terms = _auction();
        uint256 deadline = _deadline();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(MockPermit2.SignatureExpired.selector, deadline));
        escrow.fundWithPermit2(terms, 0, deadline, signature);
        vm.warp(deadline);
        escrow.fundWithPermit2(terms, 0, deadline, signature);
    }

    function test_a_nonce_pays_once_and_a_task_is_paid_once() public {
        Terms memory terms = _auction();
        bytes32 taskId = escrow.fundWithPermit2(terms, 0, _deadline(), _signed(BUYER_KEY, terms, 0));
        bytes memory again = _signed(BUYER_KEY, terms, 1);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        escrow.fundWithPermit2(terms, 1, _deadline(), again);
        terms.salt = "second";
        _expectRefused(terms, 0, _signed(BUYER_KEY, terms, 0), MockPermit2.InvalidNonce.selector);
    }

    /// Front-run by a plain fund, the signed permit is left over and funds nothing else.
    function test_after_a_plain_fund_the_permit_is_worth_nothing() public {
        Terms memory terms = _auction();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        vm.prank(buyer);
        usdc.approve(address(escrow), BUDGET);
        bytes32 taskId = _fund(terms);
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.TaskExists.selector, taskId));
        escrow.fundWithPermit2(terms, 0, _deadline(), signature);
        vm.assertEq(permit2.nonceBitmap(buyer, 0), 0);
    }

    function test_refuses_a_buyer_who_allows_permit2_nothing() public {
        Terms memory terms = _auction();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        vm.prank(buyer);
        usdc.approve(address(permit2), BUDGET - 1);
        vm.expectRevert(bytes("ERC20: transfer amount exceeds allowance"));
        escrow.fundWithPermit2(terms, 0, _deadline(), signature);
        _assertState(escrow.taskIdOf(terms), State.None);
    }

    function test_a_contract_wallet_signs_by_erc1271() public {
        Wallet wallet = new Wallet(buyer);
        usdc.mint(address(wallet), BUDGET);
        vm.prank(address(wallet));
        usdc.approve(address(permit2), BUDGET);
        Terms memory terms = _auction();
        terms.buyer = address(wallet);
        _assertState(escrow.fundWithPermit2(terms, 0, _deadline(), _signed(BUYER_KEY, terms, 0)), State.Funded);
    }

    function test_refuses_where_permit2_has_no_code() public {
        Terms memory terms = _auction();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        vm.etch(Deployed.PERMIT2, "");
        vm.expectRevert();
        escrow.fundWithPermit2(terms, 0, _deadline(), signature);
    }

    function test_refuses_while_new_money_is_paused() public {
        Terms memory terms = _auction();
        bytes memory signature = _signed(BUYER_KEY, terms, 0);
        uint256 until = _now() + 1;
        vm.prank(guardian);
        escrow.pauseFunding(uint40(until));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.FundingIsPaused.selector, until));
        escrow.fundWithPermit2(terms, 0, _deadline(), signature);
    }

    function _signed(uint256 key, Terms memory terms, uint256 nonce) private view returns (bytes memory) {
        return _signedOver(key, terms, nonce, terms.budget, address(escrow));
    }

    function _signedOver(uint256 key, Terms memory terms, uint256 nonce, uint256 amount, address spender)
        private
        view
        returns (bytes memory)
    {
        bytes32 permitted =
            keccak256(abi.encode(keccak256("TokenPermissions(address token,uint256 amount)"), usdc, amount));
        bytes32 witness = escrow.taskIdOf(terms);
        bytes32 intent = keccak256(abi.encode(keccak256(bytes(TYPE)), permitted, spender, nonce, _deadline(), witness));
        return _sign(key, keccak256(abi.encodePacked(hex"1901", permit2.DOMAIN_SEPARATOR(), intent)));
    }

    /// The same through all of a test that does not move time.
    function _deadline() private view returns (uint256) {
        return _now() + 1 hours;
    }

    function _expectRefused(Terms memory terms, uint256 nonce, bytes memory signature, bytes4 selector) private {
        vm.expectRevert(abi.encodeWithSelector(selector));
        escrow.fundWithPermit2(terms, nonce, _deadline(), signature);
        _assertState(escrow.taskIdOf(terms), State.None);
    }
}
