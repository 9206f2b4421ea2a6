// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What an agent's word keeps beside its owner's 160 bits, from the lowest bit:
/// the wallet is the owner 1 | the URI is a content id 1 | an account is approved 1 | free 5 | text 32 |
/// wallet changes 56.
/// `text` is the content id's prefix, or else the length of the URI in bytes.
type AgentData is uint96;

using {
    walletIsOwner,
    isContentId,
    isApproved,
    textOf,
    walletChangesOf,
    withText,
    withApproval,
    withWallet
} for AgentData global;

uint96 constant WALLET_IS_OWNER = 1;
uint96 constant IS_CONTENT_ID = 1 << 1;
uint96 constant IS_APPROVED = 1 << 2;
uint96 constant TEXT_AT = 8;
uint96 constant WALLET_CHANGES_AT = 40;
uint96 constant TEXT_BITS = (uint96(type(uint32).max) << TEXT_AT) | IS_CONTENT_ID;

/// @notice An agent whose wallet is its owner: so begins each, and a word for its wallet is never paid for until it
/// has another one.
function registered() pure returns (AgentData) {
    return AgentData.wrap(WALLET_IS_OWNER);
}

function walletIsOwner(AgentData data) pure returns (bool) {
    return AgentData.unwrap(data) & WALLET_IS_OWNER != 0;
}

function isContentId(AgentData data) pure returns (bool) {
    return AgentData.unwrap(data) & IS_CONTENT_ID != 0;
}

/// @notice Whether the token has an approved account, so that asking who controls an agent reads no empty word.
function isApproved(AgentData data) pure returns (bool) {
    return AgentData.unwrap(data) & IS_APPROVED != 0;
}

function textOf(AgentData data) pure returns (uint32) {
    return uint32(AgentData.unwrap(data) >> TEXT_AT);
}

/// @notice How often the wallet was set, unset or cleared by a transfer: what a signed change expects.
function walletChangesOf(AgentData data) pure returns (uint56) {
    return uint56(AgentData.unwrap(data) >> WALLET_CHANGES_AT);
}

function withText(AgentData data, bool contentId, uint32 text) pure returns (AgentData) {
    uint96 kept = AgentData.unwrap(data) & ~TEXT_BITS;
    return AgentData.wrap(kept | (contentId ? IS_CONTENT_ID : 0) | (uint96(text) << TEXT_AT));
}

function withApproval(AgentData data, bool approved) pure returns (AgentData) {
    uint96 kept = AgentData.unwrap(data) & ~IS_APPROVED;
    return AgentData.wrap(kept | (approved ? IS_APPROVED : 0));
}

/// @notice The same agent after one more change of its wallet.
function withWallet(AgentData data, bool isOwner) pure returns (AgentData) {
    uint96 kept = AgentData.unwrap(data) & ~WALLET_IS_OWNER;
    return AgentData.wrap((kept + (uint96(1) << WALLET_CHANGES_AT)) | (isOwner ? WALLET_IS_OWNER : 0));
}
