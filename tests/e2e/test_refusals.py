"""What was recorded of a real API server is what it says: a newer one may have other words."""

from __future__ import annotations

import json
import os

from tests.lab.refusals.cases import RECORDED
from tests.lab.refusals.sending import real_answers


async def test_the_real_server_still_answers_so() -> None:
    recorded = json.loads(RECORDED.read_text())
    answers = await real_answers(os.environ["KHEADLESS_E2E_KUBECONFIG"])
    unordered = "apply with two unknown fields"  # a Go map: the server tells its two fields in either order
    assert sorted(answers.pop(unordered)["message"]) == sorted(recorded.pop(unordered)["message"])
    assert answers == recorded
