"""A self-signed certificate for 127.0.0.1, made anew at every start.

kubectl sends a token only over TLS (client-go, tools/clientcmd ClientConfig: "only try to read the auth information if
we are secure"), so the lab speaks TLS; and the standard library can use a certificate but not make one. What is
needed for one is small: P-256 (FIPS 186-4 D.1.2.3), ECDSA (RFC 6979 is not needed, the nonce is random) and DER
(RFC 5280). The key never leaves the private folder of one run.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A = _P - 3
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_Point = tuple[int, int]

_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
_PRIME256V1 = bytes.fromhex("2a8648ce3d030107")
_ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")
_COMMON_NAME = bytes.fromhex("550403")
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_KEY_USAGE = bytes.fromhex("551d0f")
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")
_SERVER_AUTH = bytes.fromhex("2b06010505070301")
_SUBJECT_KEY_ID = bytes.fromhex("551d0e")
_AUTHORITY_KEY_ID = bytes.fromhex("551d23")
_SUBJECT_ALT_NAME = bytes.fromhex("551d11")

VALID_DAYS = 30
"""Longer than any lab runs."""


class Certificate(NamedTuple):
    """Both in PEM."""

    certificate: bytes
    private_key: bytes


def self_signed(address: str, name: str) -> Certificate:
    """A certificate for one address and one name, that signs itself."""
    secret = secrets.randbelow(_N - 1) + 1
    public = _multiply(_G, secret)
    point = b"\x04" + public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big")
    body = _to_be_signed(point, address, name)
    signature = _sign(secret, hashlib.sha256(body).digest())
    certificate = _sequence(body, _sequence(_oid(_ECDSA_SHA256)), _bits(signature))
    key = _sequence(
        _integer(1),
        _tlv(0x04, secret.to_bytes(32, "big")),
        _tlv(0xA0, _oid(_PRIME256V1)),
        _tlv(0xA1, _bits(point)),
    )
    return Certificate(_pem("CERTIFICATE", certificate), _pem("EC PRIVATE KEY", key))


def _to_be_signed(point: bytes, address: str, name: str) -> bytes:
    now = datetime.now(UTC)
    subject = _sequence(_tlv(0x31, _sequence(_oid(_COMMON_NAME), _tlv(0x0C, name.encode()))))
    key_id = hashlib.sha256(point).digest()[:20]
    names = _sequence(_tlv(0x82, name.encode()), _tlv(0x87, ipaddress.ip_address(address).packed))
    extensions = _sequence(
        _extension(_BASIC_CONSTRAINTS, _sequence(_tlv(0x01, b"\xff")), critical=True),
        _extension(_KEY_USAGE, _tlv(0x03, b"\x02\x84"), critical=True),  # digitalSignature, keyCertSign
        _extension(_EXTENDED_KEY_USAGE, _sequence(_oid(_SERVER_AUTH))),
        _extension(_SUBJECT_KEY_ID, _tlv(0x04, key_id)),
        _extension(_AUTHORITY_KEY_ID, _sequence(_tlv(0x80, key_id))),
        _extension(_SUBJECT_ALT_NAME, names),
    )
    return _sequence(
        _tlv(0xA0, _integer(2)),  # version 3
        _integer(secrets.randbits(120) + 1),
        _sequence(_oid(_ECDSA_SHA256)),
        subject,
        _sequence(_time(now - timedelta(days=1)), _time(now + timedelta(days=VALID_DAYS))),
        subject,
        _sequence(_sequence(_oid(_EC_PUBLIC_KEY), _oid(_PRIME256V1)), _bits(point)),
        _tlv(0xA3, extensions),
    )


def _add(p: _Point | None, q: _Point | None) -> _Point | None:
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0]:
        if (p[1] + q[1]) % _P == 0:
            return None
        slope = (3 * p[0] * p[0] + _A) * pow(2 * p[1], -1, _P) % _P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, _P) % _P
    x = (slope * slope - p[0] - q[0]) % _P
    return x, (slope * (p[0] - x) - p[1]) % _P


def _multiply(point: _Point, factor: int) -> _Point:
    result: _Point | None = None
    addend: _Point | None = point
    while factor:
        if factor & 1:
            result = _add(result, addend)
        addend = _add(addend, addend)
        factor >>= 1
    assert result is not None  # the factor is between 1 and the order of the group
    return result


def _sign(secret: int, digest: bytes) -> bytes:
    while True:
        nonce = secrets.randbelow(_N - 1) + 1
        r = _multiply(_G, nonce)[0] % _N
        s = pow(nonce, -1, _N) * (int.from_bytes(digest, "big") + r * secret) % _N
        if r and s:
            return _sequence(_integer(r), _integer(s))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(encoded: bytes) -> bytes:
    return _tlv(0x06, encoded)


def _bits(content: bytes) -> bytes:
    return _tlv(0x03, b"\x00" + content)


def _time(moment: datetime) -> bytes:
    return _tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _extension(oid: bytes, content: bytes, *, critical: bool = False) -> bytes:
    return _sequence(_oid(oid), _tlv(0x01, b"\xff") if critical else b"", _tlv(0x04, content))


def _pem(label: str, der: bytes) -> bytes:
    text = base64.encodebytes(der).replace(b"\n", b"")
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    head, tail = f"-----BEGIN {label}-----".encode(), f"-----END {label}-----".encode()
    return b"\n".join([head, *lines, tail, b""])
