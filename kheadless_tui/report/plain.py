"""Text from a cluster, a pod or a file, made safe for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""The text with everything that a terminal would obey or hide written as an escape: ``\x1b``, ``\u202e``.

    That is what ``str.isprintable`` denies: control characters, line ends, the marks that turn the direction of
    writing, invisible spaces, lone surrogates. One line in is one line out.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
