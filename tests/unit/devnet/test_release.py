"""Where a contract comes to lie, and what tells its code."""

from dataclasses import replace

from devnet.release import (
    Parameters,
    artifact,
    contract_salt,
    create2_address,
    create_address,
    is_code_of,
    release_steps,
)

PARAMETERS = Parameters(
    token="0x" + "01" * 20, permit2="0x" + "02" * 20, guardian="0x" + "03" * 20, fee_owner="0x" + "04" * 20, fee_bps=1
)
DEPLOYER = "0x" + "05" * 20


def test_addresses_are_those_of_the_standards() -> None:
    """The examples of EIP-1014, and the first contract of a well-known account."""
    zero = "0x" + "00" * 20
    code_hash = bytes.fromhex("bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a")
    assert create2_address(zero, bytes(32), code_hash) == "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"
    assert (
        create_address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0", 0) == "0xcd234A471b72ba2F1Ccf0A70FCABA648a5eeCD8d"
    )


def test_a_salt_depends_on_name_code_and_every_parameter() -> None:
    codes = ["0x01", "0x02"]
    salts = [contract_salt("One", codes, PARAMETERS), contract_salt("Two", codes, PARAMETERS)]
    salts += [contract_salt("One", ["0x01", "0x03"], PARAMETERS)]
    others = [replace(PARAMETERS, fee_bps=2)]
    others += [replace(PARAMETERS, token="x"), replace(PARAMETERS, permit2="x"), replace(PARAMETERS, guardian="x")]
    others += [replace(PARAMETERS, fee_owner="x"), replace(PARAMETERS, salt="x")]
    salts += [contract_salt("One", codes, other) for other in others]
    assert len(set(salts)) == len(salts)


def test_another_deployer_means_other_addresses_but_the_same_factory() -> None:
    mine, others = release_steps(DEPLOYER, PARAMETERS), release_steps("0x" + "06" * 20, PARAMETERS)
    assert mine[0] == others[0]
    assert not {step.address for step in mine[1:]} & {step.address for step in others[1:]}


def test_code_is_told_but_for_what_a_constructor_writes() -> None:
    code = artifact("TaskEscrow")["deployedBytecode"]
    assert is_code_of("TaskEscrow", code)
    zero_word = code.index("00" * 32, 2)
    assert is_code_of("TaskEscrow", code[:zero_word] + "ab" * 32 + code[zero_word + 64 :])
    assert not is_code_of("TaskEscrow", "0x61" + code[4:])
    assert not is_code_of("TaskEscrow", code + "00")
    assert not is_code_of("TaskEscrow", "0x")
