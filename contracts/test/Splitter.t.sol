// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {ISplitter} from "../src/interfaces/ISplitter.sol";
import {ISplitterFactory} from "../src/interfaces/ISplitterFactory.sol";
import {Bid, Terms} from "../src/interfaces/ITaskEscrow.sol";
import {HostileToken} from "../mocks/HostileToken.sol";

contract SplitterTest is EscrowTest {
    ISplitterFactory private factory;
    address[] private payees;
    uint96[] private shares;

    /// Three payees with 1, 2 and 4 sevenths.
    function setUp() public override {
        super.setUp();
        factory = Deployed.splitterFactory(address(usdc));
        for (uint160 i; i < 3; ++i) {
            payees.push(address(0xa0 + i));
            shares.push(uint96(1 << i));
        }
    }

    // deploy

    function test_lies_where_it_was_foretold() public {
        address foretold = factory.splitterOf(payees, shares);
        vm.assertEq(foretold.code.length, 0);
        vm.expectEmit(true, true, true, true, address(factory));
        emit ISplitterFactory.SplitterDeployed(foretold, payees, shares);
        vm.prank(stranger);
        vm.assertEq(factory.deploy(payees, shares), foretold);
        (address[] memory who, uint96[] memory parts) = ISplitter(foretold).split();
        vm.assertEq(abi.encode(who, parts), abi.encode(payees, shares));
        vm.assertEq(ISplitter(foretold).token(), address(usdc));
    }

    function test_deploying_again_finds_it() public {
        address splitter = factory.deploy(payees, shares);
        vm.recordLogs();
        vm.assertEq(factory.deploy(payees, shares), splitter);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_takes_one_payee_and_32() public {
        _resize(1);
        factory.deploy(payees, shares);
        _resize(32);
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        usdc.mint(address(splitter), 3_200);
        splitter.withdraw(payees[31]);
        vm.assertEq(usdc.balanceOf(payees[31]), 100);
    }

    function test_refuses_a_token_that_is_none() public {
        vm.expectRevert(abi.encodeWithSelector(ISplitterFactory.ZeroToken.selector));
        Deployed.splitterFactory(address(0));
    }

    function test_refuses_none_and_more_than_32() public {
        _resize(0);
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.PayeesOutOfBounds.selector, 0, 32));
        _resize(33);
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.PayeesOutOfBounds.selector, 33, 32));
    }

    function test_refuses_lists_of_two_lengths() public {
        shares.pop();
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.LengthsDiffer.selector, 3, 2));
    }

    /// One split has one address: neither another order nor a payee twice.
    function test_refuses_payees_that_do_not_ascend() public {
        (payees[1], payees[2]) = (payees[2], payees[1]);
        _expectNotAscending(payees[2], payees[1]);
        payees[2] = payees[1];
        _expectNotAscending(payees[2], payees[1]);
        payees[0] = address(0);
        _expectNotAscending(address(0), address(0));
    }

    function test_refuses_a_share_of_nothing_and_the_token_as_payee() public {
        shares[1] = 0;
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.ShareZero.selector, payees[1]));
        shares[1] = 2;
        payees[2] = address(usdc);
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.BadPayee.selector, usdc));
    }

    function testFuzz_another_split_lies_elsewhere(uint8 which, uint96 share, uint160 payee_) public {
        address one = factory.splitterOf(payees, shares);
        uint256 changed = which % 3;
        (uint96 oldShare, address oldPayee) = (shares[changed], payees[changed]);
        shares[changed] = share == 0 ? 1 : share;
        if (changed == 2 && payee_ > uint160(payees[1]) && payee_ != uint160(address(usdc))) {
            payees[2] = address(payee_);
        }
        bool same = shares[changed] == oldShare && payees[changed] == oldPayee;
        vm.assertTrue(same == (factory.splitterOf(payees, shares) == one));
    }

    // withdraw

    function test_pays_by_share_whoever_calls() public {
        ISplitter splitter = _deployed(70);
        vm.assertEq(splitter.dueTo(payees[2]), 40);
        vm.expectEmit(true, true, true, true, address(splitter));
        emit ISplitter.Withdrawn(payees[2], 40);
        vm.prank(stranger);
        vm.assertEq(splitter.withdraw(payees[2]), 40);
        vm.assertEq(usdc.balanceOf(payees[2]), 40);
        vm.assertEq(splitter.withdrawn(payees[2]), 40);
        vm.assertEq(splitter.totalWithdrawn(), 40);
        vm.assertEq(splitter.dueTo(payees[2]), 0);
        vm.assertEq(splitter.dueTo(payees[0]), 10);
        vm.assertEq(splitter.dueTo(payees[1]), 20);
    }

    /// What came before the clone existed counts too.
    function test_pays_what_came_before_it_existed() public {
        usdc.mint(factory.splitterOf(payees, shares), 70);
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        splitter.withdraw(payees[0]);
        vm.assertEq(usdc.balanceOf(payees[0]), 10);
    }

    function test_refuses_where_nothing_is_due() public {
        ISplitter splitter = _deployed(6);
        bytes memory reason = abi.encodeWithSelector(ISplitter.NothingDue.selector, payees[0]);
        vm.expectRevert(reason);
        splitter.withdraw(payees[0]);
        usdc.mint(address(splitter), 1);
        splitter.withdraw(payees[0]);
        vm.expectRevert(reason);
        splitter.withdraw(payees[0]);
    }

    function test_refuses_a_stranger() public {
        ISplitter splitter = _deployed(70);
        bytes memory reason = abi.encodeWithSelector(ISplitter.NotPayee.selector, stranger);
        vm.expectRevert(reason);
        splitter.withdraw(stranger);
        vm.expectRevert(reason);
        splitter.dueTo(stranger);
    }

    /// INV-42
    function test_a_blacklisted_payee_blocks_nobody() public {
        ISplitter splitter = _deployed(70);
        usdc.blacklist(payees[1]);
        vm.expectRevert(abi.encodeWithSelector(ISplitter.TransferFailed.selector));
        splitter.withdraw(payees[1]);
        splitter.withdraw(payees[0]);
        splitter.withdraw(payees[2]);
        vm.assertEq(usdc.balanceOf(payees[0]) + usdc.balanceOf(payees[2]), 50);
        usdc.unBlacklist(payees[1]);
        splitter.withdraw(payees[1]);
        vm.assertEq(usdc.balanceOf(payees[1]), 20);
    }

    /// The implementation would read its own code as a configuration.
    function test_the_implementation_is_no_splitter() public {
        ISplitter implementation = ISplitter(factory.implementation());
        usdc.mint(address(implementation), 70);
        bytes memory reason = abi.encodeWithSelector(ISplitter.NotSplitter.selector, implementation);
        vm.expectRevert(reason);
        implementation.withdraw(payees[0]);
        vm.expectRevert(reason);
        implementation.split();
    }

    /// A bid may name the address of a splitter that nobody has deployed yet.
    function test_is_paid_by_the_escrow_before_it_exists() public {
        address splitter = factory.splitterOf(payees, shares);
        Terms memory terms = _buyerAwarded();
        Bid memory bid = _bidFor(terms);
        bid.payee = splitter;
        _awardBid(terms, bid, PRICE);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        vm.assertEq(factory.deploy(payees, shares), splitter);
        vm.assertEq(ISplitter(splitter).dueTo(payees[2]), (PRICE - _fee(PRICE)) * 4 / 7);
    }

    /// INV-40, INV-41: in any order of arrivals and withdrawals each has his share of all, rounded down.
    function testFuzz_each_has_his_share_of_all_that_arrived(
        uint64[8] memory arrivals,
        uint256 order,
        uint96[3] memory by
    ) public {
        for (uint256 i; i < 3; ++i) {
            shares[i] = by[i] == 0 ? 1 : by[i];
        }
        uint256 whole = uint256(shares[0]) + shares[1] + shares[2];
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        uint256 arrived;
        for (uint256 i; i < arrivals.length; ++i) {
            if (arrivals[i] != 0) usdc.mint(address(splitter), arrivals[i]);
            arrived += arrivals[i];
            _withdrawIfDue(splitter, payees[(order >> (2 * i)) % 3]);
        }
        uint256 out;
        for (uint256 i; i < 3; ++i) {
            _withdrawIfDue(splitter, payees[i]);
            vm.assertEq(usdc.balanceOf(payees[i]), arrived * shares[i] / whole);
            out += usdc.balanceOf(payees[i]);
        }
        vm.assertEq(usdc.balanceOf(address(splitter)), arrived - out);
        vm.assertGe(2, arrived - out, "odd units, fewer than payees");
    }

    // hostile tokens

    /// INV-43: what is in the middle of a transfer counts neither twice nor not at all.
    function test_reentry_in_the_middle_of_a_transfer_gains_nothing() public {
        HostileToken token = new HostileToken();
        factory = Deployed.splitterFactory(address(token));
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        token.mint(address(splitter), 70);
        bytes[2] memory calls =
            [abi.encodeCall(splitter.withdraw, (payees[1])), abi.encodeCall(splitter.dueTo, (payees[1]))];
        for (uint256 i; i < calls.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            token.setHook(address(splitter), calls[i]);
            splitter.withdraw(payees[2]);
            vm.assertFalse(token.hookSucceeded());
            splitter.withdraw(payees[1]);
            splitter.withdraw(payees[0]);
            vm.assertEq(token.balanceOf(payees[1]), 20);
            vm.assertEq(token.balanceOf(payees[0]), 10);
            vm.revertToState(snapshot);
        }
    }

    function test_a_refused_transfer_leaves_what_is_due() public {
        HostileToken token = new HostileToken();
        factory = Deployed.splitterFactory(address(token));
        ISplitter splitter = ISplitter(factory.deploy(payees, shares));
        token.mint(address(splitter), 70);
        token.setMode(HostileToken.Mode.False);
        vm.expectRevert(abi.encodeWithSelector(ISplitter.TransferFailed.selector));
        splitter.withdraw(payees[2]);
        vm.assertEq(splitter.dueTo(payees[2]), 40);
        token.setMode(HostileToken.Mode.Mute);
        splitter.withdraw(payees[2]);
        vm.assertEq(token.balanceOf(payees[2]), 40);
    }

    function _deployed(uint256 arrived) private returns (ISplitter splitter) {
        splitter = ISplitter(factory.deploy(payees, shares));
        usdc.mint(address(splitter), arrived);
    }

    function _resize(uint256 count) private {
        delete payees;
        delete shares;
        for (uint160 i; i < count; ++i) {
            payees.push(address(0xb0 + i));
            shares.push(5);
        }
    }

    function _withdrawIfDue(ISplitter splitter, address to) private {
        if (splitter.dueTo(to) != 0) splitter.withdraw(to);
    }

    function _expectNotAscending(address actual, address previous) private {
        _expectRefused(abi.encodeWithSelector(ISplitterFactory.PayeesNotAscending.selector, actual, previous));
    }

    function _expectRefused(bytes memory reason) private {
        vm.expectRevert(reason);
        factory.deploy(payees, shares);
        vm.expectRevert(reason);
        factory.splitterOf(payees, shares);
    }
}
