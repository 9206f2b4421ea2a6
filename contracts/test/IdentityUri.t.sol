// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowTest} from "./EscrowTest.sol";
import {vm} from "./Vm.sol";
import {IIdentityRegistry} from "../src/interfaces/IIdentityRegistry.sol";

/// INV-52: a URI is read back as it was written, whichever way it is stored.
contract IdentityUriTest is EscrowTest {
    bytes private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    /// CIDv1, raw, sha2-256, 32 bytes.
    bytes4 private constant RAW = hex"01551220";
    /// The published id of no bytes at all, and their SHA-256.
    string private constant OF_NOTHING = "ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    bytes32 private constant NOTHING = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;
    /// The example of the CID specification: not raw bytes but a folder.
    string private constant OF_A_FOLDER = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";

    function test_a_digest_gives_the_published_content_id() public {
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.Registered(agentId + 1, OF_NOTHING, stranger);
        vm.expectEmit(true, true, true, true, address(identity));
        emit IIdentityRegistry.MetadataSet(agentId + 1, "agentWallet", "agentWallet", abi.encodePacked(stranger));
        vm.prank(stranger);
        uint256 id = identity.registerByDigest(NOTHING);
        vm.assertEq(identity.tokenURI(id), OF_NOTHING);
        vm.assertEq(identity.ownerOf(id), stranger);
        vm.assertEq(identity.getAgentWallet(id), stranger);
    }

    function testFuzz_any_digest_gives_what_plain_base32_gives(bytes32 digest) public {
        vm.assertEq(identity.tokenURI(identity.registerByDigest(digest)), _slowUri(RAW, digest));
    }

    function testFuzz_a_content_id_of_any_codec_is_read_back(bytes4 prefix, bytes32 digest) public {
        _assertKept(_slowUri(prefix, digest));
    }

    function testFuzz_any_text_is_read_back(string calldata uri) public {
        _assertKept(uri);
    }

    /// Texts of a content id's length that no bytes encode to: a wrong character, capitals, or bits left over.
    function testFuzz_what_only_looks_like_a_content_id_is_read_back(uint256 place, uint8 character) public {
        bytes memory uri = bytes(OF_A_FOLDER);
        uri[place % uri.length] = bytes1(character);
        _assertKept(string(uri));
        _assertKept(string(_repeated(bytes1(character), 66)));
    }

    function test_every_last_character_is_read_back() public {
        bytes memory uri = bytes(OF_A_FOLDER);
        for (uint256 i; i < 256; ++i) {
            uri[65] = bytes1(uint8(i));
            _assertKept(string(uri));
        }
    }

    function test_texts_around_each_word_are_read_back() public {
        uint256[9] memory lengths = [uint256(0), 1, 31, 32, 33, 64, 65, 67, 1_000];
        for (uint256 i; i < lengths.length; ++i) {
            _assertKept(string(_repeated("x", lengths[i])));
        }
    }

    function test_a_content_id_takes_one_word() public {
        vm.assertTrue(_gasOf(OF_A_FOLDER) < _gasOf(string(_repeated("x", 66))) - 40_000);
    }

    /// A shorter text leaves nothing of the longer one, and a change of form nothing of the other form.
    function testFuzz_a_changed_uri_is_read_back(uint16 first, uint16 second, bytes32 digest, uint8 mix) public {
        string memory before = mix & 1 != 0 ? _slowUri(RAW, digest) : string(_repeated("y", first % 300));
        string memory afterwards = mix & 2 != 0 ? _slowUri(0x01701220, digest) : string(_repeated("z", second % 300));
        uint256 id = identity.register(before);
        identity.setAgentURI(id, afterwards);
        vm.assertEq(identity.tokenURI(id), afterwards);
        vm.assertEq(identity.ownerOf(id), address(this));
        vm.assertEq(identity.getAgentWallet(id), address(this));
        vm.assertEq(identity.walletNonce(id), 0);
    }

    function test_uris_of_neighbours_do_not_touch() public {
        uint256 one = identity.register(string(_repeated("a", 200)));
        uint256 two = identity.registerByDigest(NOTHING);
        uint256 three = identity.register(string(_repeated("c", 200)));
        identity.setAgentURI(two, string(_repeated("b", 200)));
        vm.assertEq(identity.tokenURI(one), string(_repeated("a", 200)));
        vm.assertEq(identity.tokenURI(two), string(_repeated("b", 200)));
        vm.assertEq(identity.tokenURI(three), string(_repeated("c", 200)));
    }

    function _assertKept(string memory uri) private {
        vm.assertEq(identity.tokenURI(identity.register(uri)), uri);
    }

    function _gasOf(string memory uri) private returns (uint256 used) {
        used = gasleft();
        identity.register(uri);
        used -= gasleft();
    }

    /// The plain way: one bit after another.
    function _slowUri(bytes4 prefix, bytes32 digest) private pure returns (string memory) {
        bytes memory data = abi.encodePacked(prefix, digest);
        bytes memory text = new bytes(58);
        for (uint256 i; i < 58; ++i) {
            uint256 value;
            for (uint256 bit = i * 5; bit < i * 5 + 5; ++bit) {
                value <<= 1;
                if (bit < 288) value |= (uint8(data[bit / 8]) >> (7 - (bit % 8))) & 1;
            }
            text[i] = ALPHABET[value];
        }
        return string.concat("ipfs://b", string(text));
    }

    function _repeated(bytes1 character, uint256 length) private pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = character;
        }
    }
}
