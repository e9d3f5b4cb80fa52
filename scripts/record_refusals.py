"""Asks a real cluster what it answers to the requests of ``tests/lab/refusals``, and writes that down.

KUBECONFIG=... python scripts/record_refusals.py
"""

from __future__ import annotations

import asyncio
import json

from tests.lab.refusals.cases import RECORDED
from tests.lab.refusals.sending import real_answers

if __name__ == "__main__":
    answers = asyncio.run(real_answers())
    RECORDED.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
    print(f"{len(answers)} answers in {RECORDED}")
