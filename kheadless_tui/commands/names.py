"""What a short name means: a Service of the namespace, or what a pod there would look up."""

from __future__ import annotations

from kheadless_tui.commands.questions import is_address
from kheadless_tui.commands.source import Source
from kheadless_tui.errors import UsageError
from kheadless_tui.model.objects import Meta, ObjectKey
from kheadless_tui.model.workloads import Pod
from kheadless_tui.zone.serving.dns_service import dns_service
from kheadless_tui.zone.stub.resolv_conf import ResolvConf, resolv_conf_of


def service_key(text: str, namespace: str) -> ObjectKey:
    """The key that ``NAME`` or ``NAMESPACE/NAME`` means."""
    head, slash, tail = text.partition("/")
    if not slash:
        return ObjectKey(namespace, text)
    if not head or not tail or "/" in tail:
        raise UsageError(f"{text!r} does not name an object", hint="NAME or NAMESPACE/NAME")
    return ObjectKey(head, tail)


def asked_service(text: str, type_: str | None, namespace: str) -> ObjectKey | None:
    """The Service that ``probe`` is given, when no type is asked for and the word can be nothing else."""
    if type_ is not None or text == "-" or ("." in text and "/" not in text) or is_address(text):
        return None
    return service_key(text, namespace)


def nameserver(source: Source) -> str:
    """The cluster's DNS address, which kubelets write into resolv.conf; empty when it is not known."""
    service = source.snapshot.service(dns_service(source.snapshot))
    return service.cluster_ips[0] if service is not None and service.cluster_ips else ""


def default_resolv_conf(source: Source) -> ResolvConf:
    """The resolv.conf of any pod of the namespace that says nothing about DNS in its spec."""
    return resolv_conf_of(Pod(metadata=Meta(namespace=source.namespace)), source.config, nameserver(source))
