// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITaskEscrow, Terms, Authorization, PermitSignature} from "../interfaces/ITaskEscrow.sol";
import {IPermit2} from "../interfaces/IPermit2.sol";
import {Agreed, agreedIn} from "./Agreed.sol";
import {Children} from "./Children.sol";
import {FundingPause} from "./FundingPause.sol";
import {funded} from "./TaskSlot.sol";

/// @title How a task gets its money: one verb, fund, by each way in which a buyer may have signed for it.
abstract contract Funding is Children, FundingPause {
    uint256 private constant MAX_BATCH = 32;
    string private constant WITNESS_TYPE = "bytes32 taskId)TokenPermissions(address token,uint256 amount)";

    address public immutable permit2;

    constructor(address permit2_) {
        permit2 = permit2_;
    }

    /// @inheritdoc ITaskEscrow
    function fund(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId) {
        return _fund(terms, agreedIn(terms).buyerOf(), auth);
    }

    /// @inheritdoc ITaskEscrow
    function fundWithPermit(Terms calldata terms, PermitSignature calldata permit, bytes calldata auth)
        external
        returns (bytes32 taskId)
    {
        address buyer = agreedIn(terms).buyerOf();
        _tryPermit(buyer, permit);
        return _fund(terms, buyer, auth);
    }

    /// @inheritdoc ITaskEscrow
    function fundFor(Terms calldata terms, bytes calldata auth) external returns (bytes32 taskId) {
        return _fund(terms, msg.sender, auth);
    }

    /// @inheritdoc ITaskEscrow
    function fundWithAuthorization(
        Terms calldata terms,
        uint256 validAfter,
        uint256 validBefore,
        bytes calldata signature
    ) external returns (bytes32 taskId) {
        Agreed agreed = agreedIn(terms);
        taskId = taskIdOf(terms);
        _open(agreed, taskId);
        _pullAuthorized(agreed.buyerOf(), agreed.budgetOf(), taskId, validAfter, validBefore, signature);
    }

    /// @inheritdoc ITaskEscrow
    function fundWithPermit2(Terms calldata terms, uint256 nonce, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 taskId)
    {
        Agreed agreed = agreedIn(terms);
        uint256 budget = agreed.budgetOf();
        taskId = taskIdOf(terms);
        _open(agreed, taskId);
        uint256 balance = _balance();
        IPermit2(permit2)
            .permitWitnessTransferFrom(
                IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(token, budget), nonce, deadline),
                IPermit2.SignatureTransferDetails(address(this), budget),
                agreed.buyerOf(),
                taskId,
                WITNESS_TYPE,
                signature
            );
        _requireReceived(balance, budget);
    }

    /// @inheritdoc ITaskEscrow
    function fundBatch(Terms[] calldata terms, Authorization calldata authorization)
        external
        returns (bytes32[] memory taskIds)
    {
        if (terms.length == 0 || terms.length > MAX_BATCH) revert BatchOutOfBounds(terms.length, MAX_BATCH);
        taskIds = new bytes32[](terms.length);
        address buyer = agreedIn(terms[0]).buyerOf();
        // slither-disable-next-line uninitialized-local - a sum begins at 0
        uint256 sum;
        for (uint256 i = 0; i < terms.length; i++) {
            Agreed agreed = agreedIn(terms[i]);
            if (agreed.buyerOf() != buyer) revert NotBuyer(agreed.buyerOf(), buyer);
            taskIds[i] = taskIdOf(terms[i]);
            _open(agreed, taskIds[i]);
            sum += agreed.budgetOf();
        }
        _pullAuthorized(buyer, sum, keccak256(abi.encodePacked(taskIds)), authorization);
    }

    function _fund(Terms calldata terms, address payer, bytes calldata auth) private returns (bytes32 taskId) {
        Agreed agreed = agreedIn(terms);
        taskId = taskIdOf(terms);
        _requireBuyerFunds(agreed, taskId, auth);
        _open(agreed, taskId);
        _pull(payer, agreed.budgetOf());
    }

    function _open(Agreed terms, bytes32 taskId) private {
        _admit(terms, taskId);
        _tasks[taskId] = funded(terms.budgetOf());
    }

    /// @dev All that a new task must fulfil, and its event; the caller stores it, then takes the money.
    function _admit(Agreed terms, bytes32 taskId) internal {
        if (terms.parentOf() != 0) revert ParentPays(terms.parentOf());
        _requireFundingOpen();
        _requireUnfunded(taskId, _tasks[taskId]);
        _requireFundable(terms);
        _announceFunded(terms, taskId);
    }
}
