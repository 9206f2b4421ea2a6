// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ITaskEscrow, Terms, State} from "../src/interfaces/ITaskEscrow.sol";
import {Wallet, EndlessWallet, HugeWallet, ShortWallet} from "../mocks/Wallets.sol";

/// What counts as a party's signature, shown with release.
contract SignatureTest is EscrowTest {
    bytes32 private constant RELEASE =
        keccak256("Release(bytes32 taskId,uint96 remaining,uint96 amount,uint40 deadline)");
    uint256 private constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Terms private terms;
    bytes32 private taskId;

    function setUp() public override {
        super.setUp();
        terms = _directHire();
        taskId = _submitHired(terms);
    }

    function test_works_in_the_deadlines_last_second_and_not_after() public {
        uint40 deadline = uint40(_now() + 5);
        bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, taskId, BUDGET, BUDGET, deadline));
        vm.warp(deadline + 1);
        _expectRevert(auth, abi.encodeWithSelector(ITaskEscrow.IntentExpired.selector, deadline + 1, deadline));
        vm.warp(deadline);
        escrow.release(terms, BUDGET, auth);
        _assertEnded(taskId, State.Released);
    }

    function test_refuses_a_deadline_that_was_not_signed() public {
        bytes memory auth = _auth(BUYER_KEY, _fields(_soon()));
        auth[4] = bytes1(uint8(auth[4]) ^ 1);
        _expectBad(auth);
    }

    function test_refuses_another_key_and_the_agents_own() public {
        _expectBad(_auth(STRANGER_KEY, _fields(_soon())));
        _expectBad(_auth(AGENT_KEY, _fields(_soon())));
    }

    function test_refuses_an_auth_without_room_for_a_deadline() public {
        _expectRevert(hex"01020304", abi.encodeWithSelector(ITaskEscrow.BadAuth.selector, 4));
    }

    function test_refuses_no_signature_after_the_deadline() public {
        _expectBad(abi.encodePacked(_soon()));
    }

    function test_refuses_a_high_s() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, _typed(keccak256(_fields(_soon()))));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        _expectBad(abi.encodePacked(_soon(), r, high, v == 27 ? uint8(28) : uint8(27)));
    }

    function test_refuses_v_of_0_and_1_and_64_bytes() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, _typed(keccak256(_fields(_soon()))));
        _expectBad(abi.encodePacked(_soon(), r, s, v - 27));
        bytes32 compact = bytes32(uint256(s) | (uint256(v - 27) << 255));
        _expectBad(abi.encodePacked(_soon(), r, compact));
        _expectBad(abi.encodePacked(_soon(), r, s, v, uint8(0)));
    }

    /// A signature that recovers to 0 never speaks for an unset party.
    function test_refuses_a_recovery_to_zero() public {
        _expectBad(abi.encodePacked(_soon(), bytes32(0), bytes32(0), uint8(27)));
    }

    function test_the_domain_is_eip712s() public view {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Guildhall TaskEscrow");
        bytes32 separator = keccak256(abi.encode(kind, name, keccak256("1"), block.chainid, escrow));
        vm.assertEq(escrow.DOMAIN_SEPARATOR(), separator);
    }

    function test_refuses_a_signature_for_another_escrow() public {
        ITaskEscrow other = Deployed.taskEscrow(address(usdc), address(identity), guardian, feeOwner, FEE_BPS);
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", other.DOMAIN_SEPARATOR(), keccak256(_fields(_soon()))));
        _expectBad(abi.encodePacked(_soon(), _sign(BUYER_KEY, digest)));
    }

    /// INV-11: a chain fork strands no money, and signatures of the one chain are worth nothing on the other.
    function test_on_a_fork_exits_work_and_old_signatures_do_not() public {
        bytes memory old = _auth(BUYER_KEY, _fields(_soon()));
        bytes32 separator = escrow.DOMAIN_SEPARATOR();
        vm.chainId(31338);
        vm.assertTrue(escrow.DOMAIN_SEPARATOR() != separator);
        vm.assertEq(escrow.taskIdOf(terms), taskId);
        _expectBad(old);
        uint256 snapshot = vm.snapshotState();
        escrow.release(terms, BUDGET, _auth(BUYER_KEY, _fields(_soon())));
        _assertEnded(taskId, State.Released);
        vm.revertToState(snapshot);
        vm.prank(buyer);
        escrow.release(terms, BUDGET, "");
        _assertEnded(taskId, State.Released);
    }

    function test_a_contract_wallet_signs_for_its_task_only() public {
        Wallet wallet = new Wallet(buyer);
        Wallet twin = new Wallet(buyer);
        (Terms memory own,) = _fundFrom(address(wallet));
        (Terms memory twins,) = _fundFrom(address(twin));
        bytes memory auth = _auth(BUYER_KEY, abi.encode(RELEASE, escrow.taskIdOf(own), BUDGET, BUDGET, _soon()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, address(twin)));
        escrow.release(twins, BUDGET, auth);
        escrow.release(own, BUDGET, auth);
        _assertEnded(escrow.taskIdOf(own), State.Released);
    }

    function test_an_endless_wallet_costs_its_cap_and_no_more() public {
        (Terms memory own,) = _fundFrom(address(new EndlessWallet()));
        uint256 before = gasleft();
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, own.buyer));
        escrow.release(own, BUDGET, abi.encodePacked(_soon(), uint8(1)));
        vm.assertGe(500_000, before - gasleft(), "capped");
    }

    function test_a_huge_answer_is_read_to_its_first_word() public {
        (Terms memory own,) = _fundFrom(address(new HugeWallet()));
        escrow.release(own, 1, abi.encodePacked(_soon(), uint8(1)));
        vm.assertEq(_remainingOf(escrow.taskIdOf(own)), BUDGET - 1);
    }

    function test_an_answer_of_four_bytes_is_none() public {
        (Terms memory own,) = _fundFrom(address(new ShortWallet()));
        vm.expectRevert(abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, own.buyer));
        escrow.release(own, 1, abi.encodePacked(_soon(), uint8(1)));
    }

    function testFuzz_refuses_random_signatures(bytes memory signature) public {
        _expectBad(abi.encodePacked(_soon(), signature));
    }

    function _fundFrom(address wallet) private returns (Terms memory own, bytes32 id) {
        usdc.mint(wallet, BUDGET);
        own = _directHire();
        own.buyer = wallet;
        vm.prank(wallet);
        usdc.approve(address(escrow), BUDGET);
        id = _submitHired(own);
    }

    function _fields(uint40 deadline) private view returns (bytes memory) {
        return abi.encode(RELEASE, taskId, BUDGET, BUDGET, deadline);
    }

    function _expectBad(bytes memory auth) private {
        _expectRevert(auth, abi.encodeWithSelector(ITaskEscrow.BadSignature.selector, buyer));
    }

    function _expectRevert(bytes memory auth, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(stranger);
        escrow.release(terms, BUDGET, auth);
        vm.assertEq(_remainingOf(taskId), BUDGET);
    }
}
