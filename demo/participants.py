"""The participants as operating-system processes that know a URL and a key file, and nothing else of the network."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.cast import Part
from demo.lines import Reader
from devnet.binaries import ROOT
from devnet.keys import write_key_file
from devnet.processes import RUN_ID_VARIABLE, Command, Processes, Service


@dataclass(frozen=True)
class Participant:
    part: Part
    service: Service
    reader: Reader


def start(processes: Processes, part: Part, url: str, data_dir: Path, run_id: str) -> Participant:
    key_file = write_key_file(data_dir / "participants", part.name.lower(), part.key)
    log = data_dir / "logs" / f"{part.role}-{part.name.lower()}.log"
    command = Command(
        name=f"{part.role}-{part.name.lower()}",
        argv=[sys.executable, "-m", f"demo.{part.role}", "--url", url, "--key-file", str(key_file), *part.arguments],
        env=participant_environment(run_id),
        log=log,
        cwd=ROOT,
    )
    service = processes.add(Service(command))
    service.spawn()
    return Participant(part, service, Reader(part.name, log))


def participant_environment(run_id: str) -> dict[str, str]:
    """Made from scratch: no address of a database, a broker or a node can slip in."""
    home = os.environ.get("HOME", "/")
    return {
        "PATH": os.defpath,
        "HOME": home,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        RUN_ID_VARIABLE: run_id,
    }
