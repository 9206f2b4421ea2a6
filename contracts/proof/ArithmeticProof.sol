// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "../test/Vm.sol";
import {EscrowHarness, EscrowWorld} from "./EscrowHarness.sol";
import {ProofRegistry} from "./ProofToken.sol";

/// @title INV-7: no fee is more than its payment, and a fee is nothing only where the payment or the rate is.
/// @notice How fees and shares are rounded is not proven but fuzzed (`testFuzz_fee_and_payout_make_the_amount`,
/// `testFuzz_conserves_the_pot`): a product of a quotient takes the solvers longer than anybody waits.
contract ArithmeticProof is EscrowWorld {
    function check_the_fee_is_never_above_the_payment(uint96 amount, uint16 feeBps) external {
        vm.assume(feeBps <= 1_000);
        EscrowHarness fees = new EscrowHarness(address(token), address(new ProofRegistry()), feeBps);
        uint256 fee = fees.chargeFee(amount);
        assert(fee <= amount && fees.feesAccrued() == fee);
        assert(fee != 0 || amount == 0 || feeBps == 0);
    }
}
