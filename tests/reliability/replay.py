"""Live one life again and tell it: `PYTHONPATH=tests:tests/story .venv/bin/python tests/reliability/replay.py SEED`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from invariants import judge
from schedules import Schedule
from simulation import Machine

from deploylog import deployment_log as log


def main(seed: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        life = machine.life()
        schedule = Schedule(life, seed)
        schedule.run()
        verdict = judge(life)
        print("\n".join(schedule.told))
        for row in life.log().rows():
            print({name: row[name] for name in (log.ID, log.STATUS, log.PROGRESS, log.NEXT_ACTION)})
        for effect in life.ledger.effects_of(life.log().file_id):
            print(effect.number, effect.key, effect.state, effect.at, effect.reason)
        print(dict(life.trouble.met), "mails:", verdict.mails, "parked:", verdict.parked)
        print("\n".join(verdict.wrong) or "all is well")
        machine.close()
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
