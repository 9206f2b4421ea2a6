// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {vm} from "./Vm.sol";
import {PermitSignature} from "../src/interfaces/ITaskEscrow.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {HostileToken} from "../mocks/HostileToken.sol";

/// @title The same people over a token that lies, keeps a fee, burns gas, refuses people and calls back.
/// @notice It calls back into this handler, so that a second verb runs in the middle of the first one's payment.
contract HostileHandler is Handler {
    uint256 public callbacks;

    function setUp() public override {
        if (address(escrow) != address(0)) return;
        super.setUp();
        HostileToken token = new HostileToken();
        usdc = MockUSDC(address(token));
        _deployOver(address(token));
        _deployChannels();
        vm.prank(worker);
        workerId = identity.register("ipfs://worker");
        token.mint(buyer, 1_000_000e6);
        vm.startPrank(buyer);
        token.approve(address(escrow), type(uint256).max);
        token.approve(address(channels), type(uint256).max);
        vm.stopPrank();
    }

    /// Another temper, or honest again; or somebody else is refused.
    function upset(uint256 who) external override {
        if (who % 4 == 0) return _hostile().refuse(_person(who >> 2));
        _settleDown();
        if (who % 4 != 1) return;
        _hostile().setMode(HostileToken.Mode((who >> 2) % 6));
        if (_reverts()) _hostile().setHook(address(0), "");
    }

    /// In the next transfer one of these happens before the money moves. Not where the transfer then reverts: what was
    /// done would be undone, but forge keeps its events.
    function callBack(uint256 which, uint256 pick, uint256 amount) external {
        if (_reverts()) _settleDown();
        bytes[13] memory calls = [
            abi.encodeCall(this.release, (pick, amount, amount)),
            abi.encodeCall(this.fund, (pick, amount, amount, amount)),
            abi.encodeCall(this.cancel, (pick, amount)),
            abi.encodeCall(this.settle, (pick, amount, amount)),
            abi.encodeCall(this.withdraw, (pick)),
            abi.encodeCall(this.collectFees, ()),
            abi.encodeCall(this.award, (pick, amount, amount)),
            abi.encodeCall(this.fundChild, (pick, amount, amount, amount)),
            abi.encodeCall(this.multicall, (pick, amount)),
            abi.encodeCall(this.claim, (pick, amount)),
            abi.encodeCall(this.redeem, (pick, amount, amount)),
            abi.encodeCall(this.closeTogether, (pick, amount)),
            abi.encodeCall(this.fundTask, (pick, amount, amount))
        ];
        _hostile().setHook(address(this), abi.encodeCall(this.calledBack, (calls[which % 13])));
    }

    function calledBack(bytes calldata call_) external {
        ++callbacks;
        (bool done,) = address(this).call(call_);
        if (!done) revert("a verb of the handler failed");
    }

    function _settleDown() internal override {
        _hostile().setMode(HostileToken.Mode.Honest);
        _hostile().refuse(address(0));
    }

    function _reverts() private view returns (bool) {
        HostileToken.Mode mode = _hostile().mode();
        return mode == HostileToken.Mode.Bomb || mode == HostileToken.Mode.Burner;
    }

    function _hostile() private view returns (HostileToken) {
        return HostileToken(address(usdc));
    }

    /// It knows neither authorization nor permit.
    function _authorizationDigest(address, uint256, uint256, bytes32 nonce) internal pure override returns (bytes32) {
        return nonce;
    }

    function _permitDigest(PermitSignature memory) internal pure override returns (bytes32) {
        return 0;
    }
}
