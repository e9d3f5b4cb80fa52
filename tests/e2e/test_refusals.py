"""What was recorded of a real API server is what it says: a newer one may have other words."""

from __future__ import annotations

import json
import os

from tests.lab.refusals.cases import RECORDED
from tests.lab.refusals.sending import real_answers


async def test_the_real_server_still_answers_so() -> None:
    recorded = json.loads(RECORDED.read_text())
    answers = await real_answers(os.environ["KHEADLESS_E2E_KUBECONFIG"])
    varying = "apply with two unknown fields"  # of a Go map: the server tells both fields, or the first that it met
    for each in (answers, recorded):
        assert "field not declared in schema" in each.pop(varying)["message"]
    assert answers == recorded
