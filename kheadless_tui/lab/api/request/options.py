"""Parameters of a request that are refused (apimachinery pkg/apis/meta/v1/validation, internalversion/validation)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kheadless_tui.lab.objects.failure import ApiFailure, invalid_options

_KINDS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_MATCHES = ("Exact", "NotOlderThan", "")


def check(verb: str, query: Mapping[str, str], content_type: str) -> None:
    """Refuse what cannot be meant.

    Args:
        verb: What is wanted.
        query: The parameters.
        content_type: Of the body; it tells the sort of a patch.

    Raises:
        ApiFailure: 422.
    """
    if verb in ("list", "watch"):
        _check_list(query, watching=verb == "watch")
    elif verb in _KINDS:
        _check_write(_KINDS[verb], query, content_type)
    elif query.get("dryRun") and query["dryRun"] != "All":
        raise _dry_run("DeleteOptions", query["dryRun"])


def _check_write(kind: str, query: Mapping[str, str], content_type: str) -> None:
    if kind == "PatchOptions":
        applies = content_type == "application/apply-patch+yaml"
        if applies and not query.get("fieldManager"):
            why = "Required value: is required for apply patch"
            raise invalid_options(kind, "fieldManager", "FieldValueRequired", why)
        if not applies and query.get("force"):
            why = "Forbidden: may not be specified for non-apply patch"
            raise invalid_options(kind, "force", "FieldValueForbidden", why)
    if query.get("dryRun") and query["dryRun"] != "All":
        raise _dry_run(kind, query["dryRun"])
    given = query.get("fieldValidation", "")
    if given not in _VALIDATIONS:
        raise invalid_options(kind, "fieldValidation", "FieldValueNotSupported", unsupported(given, _VALIDATIONS))


def _dry_run(kind: str, given: str) -> ApiFailure:
    return invalid_options(kind, "dryRun", "FieldValueNotSupported", unsupported([given], ("All",)))


def unsupported(value: object, allowed: tuple[str, ...]) -> str:
    """As the API server words a value that is none of a few."""
    shown = json.dumps(value, separators=(",", ":"))
    return f"Unsupported value: {shown}: supported values: {', '.join(json.dumps(item) for item in allowed)}"


def _check_list(query: Mapping[str, str], *, watching: bool) -> None:
    match, version = query.get("resourceVersionMatch", ""), query.get("resourceVersion", "")
    why = ""
    initial = query.get("sendInitialEvents", "")
    if match and query.get("continue"):
        why = "resourceVersionMatch is forbidden when continue is provided"
    elif match and not version and not (watching and initial):
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match == "Exact" and version == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    elif match and watching and not initial:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    if why:
        raise invalid_options("ListOptions", "resourceVersionMatch", "FieldValueForbidden", f"Forbidden: {why}")
    if match not in _MATCHES:
        raise invalid_options(
            "ListOptions", "resourceVersionMatch", "FieldValueNotSupported", unsupported(match, _MATCHES)
        )
    if initial and not watching:
        why = "Forbidden: sendInitialEvents is forbidden for list"
        raise invalid_options("ListOptions", "sendInitialEvents", "FieldValueForbidden", why)
    if initial and match != "NotOlderThan":
        why = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise invalid_options("ListOptions", "resourceVersionMatch", "FieldValueForbidden", why)


def is_true(query: Mapping[str, str], name: str) -> bool:
    """A flag of a query: all but these words mean yes, nothing too (apimachinery, Convert_Slice_string_To_bool)."""
    return name in query and query[name].lower() not in ("0", "false")
