// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deployed} from "./Deployed.sol";
import {GasFlows} from "./GasFlows.sol";
import {Terms} from "../src/interfaces/ITaskEscrow.sol";
import {MockUSDC} from "../mocks/MockUSDC.sol";
import {vm} from "./Vm.sol";

/// Over a plain token, so that figures compare with those of other contracts over theirs.
/// forge-config: default.isolate = true
contract GasTest is GasFlows {
    /// The floor of anything that moves the token.
    function test_transfer() public {
        vm.prank(buyer);
        usdc.transfer(stranger, BUDGET);
        vm.snapshotGasLastCall("PlainToken", "transfer to a new holder");
        vm.prank(buyer);
        usdc.transfer(stranger, BUDGET);
        vm.snapshotGasLastCall("PlainToken", "transfer to a holder");
    }

    function _token() internal override returns (MockUSDC) {
        return MockUSDC(address(Deployed.plainToken()));
    }

    function _group() internal pure override returns (string memory) {
        return "TaskEscrow";
    }
}

/// Over a token as strict as the dollar, whose checks the payer of the gas pays too.
/// forge-config: default.isolate = true
contract GasOverStrictTokenTest is GasFlows {
    /// Only a token that refuses leaves something owed.
    function test_withdraw() public {
        Terms memory terms = _auction();
        _submitAwarded(terms);
        usdc.blacklist(payee);
        vm.prank(buyer);
        escrow.release(terms, PRICE, "");
        _snapshot("release that stays owed");
        usdc.unBlacklist(payee);
        escrow.withdraw(payee);
        _snapshot("withdraw");
    }

    function _group() internal pure override returns (string memory) {
        return "EscrowOverStrictToken";
    }
}
