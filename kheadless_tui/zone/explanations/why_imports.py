"""Why a name of a multicluster zone has no endpoint."""

from __future__ import annotations

from kheadless_tui.zone.explanations.reasons import Case, Reason
from kheadless_tui.zone.naming.names import service_name


def reason(case: Case) -> Reason:
    """Why no pair of address and port is left of a ServiceImport that exists."""
    request = case.request
    subject = f"ServiceImport {case.key}"
    if request.endpoint and not request.cluster:
        form = f"ENDPOINT.CLUSTER.{service_name(case.key, case.zone)}"
        text = f"an endpoint of {subject} is asked for with its cluster: {form}"
        return Reason("cluster-missing", text)
    if request.endpoint:
        return Reason(
            "endpoint-unknown", f"no ready endpoint {request.endpoint} of cluster {request.cluster} in {subject}"
        )
    return Reason("no-endpoint", f"{subject} has no ready endpoint or port of this name")
