// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "solady/src/tokens/ERC721.sol";
import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {AgentData} from "./AgentData.sol";

/// @title Agents as ERC-721 tokens with ids from 1.
/// @notice Solady's token, since it leaves 96 bits beside each owner and 224 beside each balance: what an agent and an
/// owner need besides costs no word of its own.
abstract contract AgentToken is IIdentityRegistry, ERC721 {
    /// The escrow packs an agent id into 44 bits.
    uint256 private constant MAX_AGENT_ID = (1 << 44) - 1;

    uint256 private _lastId;

    function name() public pure override returns (string memory) {
        return "Guildhall Agent";
    }

    function symbol() public pure override returns (string memory) {
        return "AGENT";
    }

    /// @dev ERC-721 lets it be payable, and ether sent along would stay here for ever. Each safe transfer passes here.
    function transferFrom(address from, address to, uint256 agentId) public payable override {
        _refuseEther();
        super.transferFrom(from, to, agentId);
    }

    /// @dev A transfer has cleared the approved account.
    function _afterTokenTransfer(address from, address, uint256 agentId) internal virtual override {
        if (from != address(0)) _setData(agentId, _dataOf(agentId).withApproval(false));
    }

    function approve(address account, uint256 agentId) public payable override {
        _refuseEther();
        super.approve(account, agentId);
        _setData(agentId, _dataOf(agentId).withApproval(account != address(0)));
    }

    /// @dev False, never a revert, for an id that does not exist. The owner first: whoever works for himself, as most
    /// do, costs the escrow one word to read.
    function _isOperator(address account, uint256 agentId) internal view returns (bool) {
        address owner = _ownerOf(agentId);
        if (account == owner) return owner != address(0);
        if (account == address(0)) return false;
        if (isApprovedForAll(owner, account)) return true;
        return _dataOf(agentId).isApproved() && account == _getApproved(agentId);
    }

    function _nextId() internal returns (uint256 agentId) {
        agentId = ++_lastId;
        if (agentId > MAX_AGENT_ID) revert IdsExhausted();
    }

    function _requireOwned(uint256 agentId) internal view returns (address owner) {
        owner = _ownerOf(agentId);
        if (owner == address(0)) revert TokenDoesNotExist();
    }

    function _dataOf(uint256 agentId) internal view returns (AgentData) {
        return AgentData.wrap(_getExtraData(agentId));
    }

    function _setData(uint256 agentId, AgentData data) internal {
        _setExtraData(agentId, AgentData.unwrap(data));
    }

    function _refuseEther() private view {
        if (msg.value != 0) revert EtherRefused(msg.value);
    }
}
