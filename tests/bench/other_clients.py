"""Lists Services and EndpointSlices of a whole cluster as another client does it, and prints what that took.

    python tests/bench/other_clients.py kubernetes|lightkube|kr8s KUBECONFIG

Knows nothing of our package, so that it runs by the interpreter of an environment in which the client is installed.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any


def kubernetes(kubeconfig: str) -> Callable[[], int]:
    """The official client's typed lists, in pages of 500."""
    client: Any = importlib.import_module("kubernetes.client")
    config: Any = importlib.import_module("kubernetes.config")
    api = config.new_client_from_config(kubeconfig)
    lists = (
        client.CoreV1Api(api).list_service_for_all_namespaces,
        client.DiscoveryV1Api(api).list_endpoint_slice_for_all_namespaces,
    )

    def run() -> int:
        kept: list[Any] = []
        for get in lists:
            token = None
            while True:
                page = get(limit=500, _continue=token)
                kept += page.items
                token = page.metadata._continue  # the generated name of the field "continue"
                if not token:
                    break
        return len(kept)

    return run


def lightkube(kubeconfig: str) -> Callable[[], int]:
    """lightkube's typed lists, in pages of 500."""
    package: Any = importlib.import_module("lightkube")
    core: Any = importlib.import_module("lightkube.resources.core_v1")
    discovery: Any = importlib.import_module("lightkube.resources.discovery_v1")
    client = package.Client(config=package.KubeConfig.from_file(kubeconfig))
    kinds = (core.Service, discovery.EndpointSlice)
    return lambda: len([item for kind in kinds for item in client.list(kind, namespace="*", chunk_size=500)])


def kr8s(kubeconfig: str) -> Callable[[], int]:
    """kr8s' lists."""
    package: Any = importlib.import_module("kr8s")
    api = package.api(kubeconfig=kubeconfig)
    kinds = ("services", "endpointslices.discovery.k8s.io")
    return lambda: len([item for kind in kinds for item in api.get(kind, namespace=package.ALL)])


def main() -> None:
    """Print one JSON object."""
    name, kubeconfig = sys.argv[1:3]
    os.environ["KUBECONFIG"] = kubeconfig
    asyncio.set_event_loop_policy(None)
    run = {"kubernetes": kubernetes, "lightkube": lightkube, "kr8s": kr8s}[name](kubeconfig)
    began, cpu = time.perf_counter(), time.process_time()
    count = run()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "objects": count, "memory": memory}))


if __name__ == "__main__":
    main()
