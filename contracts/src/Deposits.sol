// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";
import {IReceiveWithAuthorization} from "./interfaces/IReceiveWithAuthorization.sol";
import {IPermitBySignature} from "./interfaces/IPermitBySignature.sol";
import {Authorization, PermitSignature} from "./interfaces/Terms.sol";
import {Payouts} from "./Payouts.sol";

/// @title How money comes in: exactly as much as was named, measured at the contract's own balance.
/// @dev Call last, as a push.
abstract contract Deposits is Payouts {
    /// @dev By allowance.
    function _pull(address from, uint256 amount) internal {
        uint256 balance = _balance();
        if (!IERC20(token).transferFrom(from, address(this), amount)) revert TransferFailed();
        _requireReceived(balance, amount);
    }

    /// @dev By EIP-3009; the token checks the signature of `from`, and `nonce` binds it to what the money is for.
    function _pullAuthorized(address from, uint256 amount, bytes32 nonce, Authorization calldata authorization)
        internal
    {
        (uint256 validAfter, uint256 validBefore) = (authorization.validAfter, authorization.validBefore);
        _pullAuthorized(from, amount, nonce, validAfter, validBefore, authorization.signature);
    }

    function _pullAuthorized(
        address from,
        uint256 amount,
        bytes32 nonce,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) internal {
        uint256 balance = _balance();
        IReceiveWithAuthorization(token)
            .receiveWithAuthorization(from, address(this), amount, validAfter, validBefore, nonce, signature);
        _requireReceived(balance, amount);
    }

    /// @dev By EIP-2612, and without a word where it fails: whoever carried the permit before must not stop what it was
    /// for, and where no allowance came of it the transfer says so.
    function _tryPermit(address from, PermitSignature calldata permit) internal {
        try IPermitBySignature(token).permit(from, address(this), permit.value, permit.deadline, permit.signature) {}
            catch {}
    }

    /// @dev 0 where the token fails to answer, which no received amount can then equal but by what truly came.
    function _balance() internal view returns (uint256) {
        return SafeTransferLib.balanceOf(token, address(this));
    }

    /// @dev Exactly the amount: a token that calls back cannot let other money count twice, and one that keeps a fee
    /// cannot leave a debt.
    function _requireReceived(uint256 balanceBefore, uint256 amount) internal view {
        uint256 received = _balance() - balanceBefore;
        if (received != amount) revert TransferShort(received, amount);
    }
}
