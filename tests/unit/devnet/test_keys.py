"""Development keys are the ones that everybody knows."""

import stat
from pathlib import Path

from devnet.keys import FIRST_PARTICIPANT, Role, derive, participant_key, role_key, write_key_file


def test_deployer_is_the_first_account_of_the_well_known_phrase() -> None:
    assert role_key(Role.DEPLOYER).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_nobody_has_two_keys() -> None:
    assert participant_key(0) == derive(FIRST_PARTICIPANT)
    keys = [*(role_key(role) for role in Role), *(participant_key(number) for number in range(24))]
    assert len({key.address for key in keys}) == len(keys)


def test_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = write_key_file(tmp_path / "keys", "relayer", role_key(Role.RELAYER))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == role_key(Role.RELAYER).private_key
