"""An arbiter: does a disputed job again and rules by what is right of it, or now and then the other way round."""

from dataclasses import dataclass, field

from demo import work
from sdk.schemas import Task
from simulation.board import has_ended
from simulation.participant import Participant
from simulation.people import WHOLE_BPS

RIGHT_BPS = 9_500
"""The chance that the ruling is what the evidence says."""


@dataclass
class Arbiter(Participant):
    """Rules each task once."""

    ruled: set[str] = field(default_factory=set)

    def notice(self, task: Task) -> None:
        if task.state == "disputed" and task.terms.arbiter == self.client.address and task.task_id not in self.ruled:
            self.ruled.add(task.task_id)
            self.act("arbiter", self.rule(task))

    async def rule(self, task: Task) -> None:
        """Reads content, deliverable and evidence, checks the award, and gives the agent's share."""
        assert task.escrow is not None
        named = (task.terms.content, task.escrow.deliverable, task.escrow.evidence)
        content, done, _ = [await self.client.download(digest) for digest in named if digest is not None]
        await self.client.check_award(task.terms)
        share_bps = work.right_share_bps(task.capability, content, done)
        is_right = self.random.randrange(WHOLE_BPS) < RIGHT_BPS
        given_bps = share_bps if is_right else WHOLE_BPS - share_bps
        reasons = await self.client.upload(f"Of the work {given_bps / 100:g}% is right.".encode())
        await self.carried(await self.client.rule(task.terms, given_bps, reasons.digest), task.task_id, has_ended)
        self.journal.records[task.task_id].ruled_rightly = is_right
