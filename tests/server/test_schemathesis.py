"""Generated requests, lawful by the description and broken in every way it forbids, against the running app.

Whatever is sent: no fault, and no status and no shape of an answer that the description does not tell.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.policy.worlds import ENGAGEMENT, START
from tests.server.deployments import deployed
from tests.server.walk import URL, Walk, counted, walk_to_the_disclosure
from tests.support.people import account
from vault.server.openapi import build_description
from vault.server.sequencer.queue import Queue

EXAMPLES = 10
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


IDS = {"account": account("coachee").hex(), "engagement": ENGAGEMENT.hex()}
"""Ids that are there reach further than ids that are not."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A server on which three people have written and disclosed."""
    with deployed(tmp_path_factory.mktemp("generated"), url=URL, now=START, random=counted()) as deployment:

        async def begin() -> Walk:
            async with deployment.client() as http:
                walk = Walk(deployment, http)
                await walk_to_the_disclosure(walk)
            return walk

        yield asyncio.run(begin())


@pytest.fixture
def credentials(running: Walk) -> dict[str, str]:
    """One credential for each scheme of the description, new for each operation."""

    async def log_in() -> str:
        async with running.deployment.client() as running.http:
            return await running.log_in("coachee")

    deployment = running.deployment
    parts = deployment.context
    deployment.app.state.queue = Queue(parts.storage, parts.tlog)  # each run of the app closes its own when it ends
    token = asyncio.run(log_in())
    return {"app": deployment.app_key, "enrolment": deployment.enrolment(), "person": token, "keyring": token}


schema = schemathesis.openapi.from_dict(build_description())


@pytest.mark.sampled(20)
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
def test_no_generated_request_finds_a_fault(case: Any, running: Walk, credentials: dict[str, str]) -> None:
    names = [name for each in case.operation.definition.raw["security"] for name in each]
    headers = {"Authorization": f"Bearer {credentials[names[0]]}"} if names else {}
    case.path_parameters.update({name: text for name, text in IDS.items() if name in case.path_parameters})
    schema.app = running.deployment.app
    case.call_and_validate(app=schema.app, base_url=URL, headers=headers, checks=CHECKS)
