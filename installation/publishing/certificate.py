"""The certificate editions are signed with: the artist's own, or one made here, in ``STATE/certificate``.

A made one says nothing about who somebody is: it shows that two editions come from the same hand, and that neither was
changed since. Whoever wants to be believed by strangers lays a bought one in its place.
"""

from __future__ import annotations

import dataclasses
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from installation.machine.files import StorageError, write_atomically
from installation.publishing.whole import PublishError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

FOLDER, CHAIN, KEY = "certificate", "chain.pem", "key.pem"
LASTS = timedelta(days=3650)
LONGEST = 64  # characters of a name (X.520)


@dataclasses.dataclass(frozen=True, slots=True)
class Credential:
    """A certificate with those above it, and its private key, both PEM; who it names, and its serial number."""

    chain: bytes
    key: bytes = dataclasses.field(repr=False)
    algorithm: str
    holder: str
    serial: int


def standing(state: Path) -> Credential | None:
    """The certificate of this machine, None where nobody has laid one. Raises ``PublishError`` for an unreadable."""
    folder = state / FOLDER
    return read(folder / CHAIN, folder / KEY) if (folder / CHAIN).exists() else None


def read(chain: Path, key: Path) -> Credential:
    """A certificate and its key, which must be one another's. Raises ``PublishError``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        pem, secret = chain.read_bytes(), key.read_bytes()
        leaf = x509.load_pem_x509_certificates(pem)[0]
        private: Any = serialization.load_pem_private_key(secret, None)
    except (OSError, ValueError, TypeError) as error:
        raise PublishError(
            f"{chain} and {key.name} are no certificate chain and its unlocked key in PEM ({error}). "
            "Lay them anew, or move them away and make one: burntout publish certificate"
        ) from None
    told = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if private.public_key().public_bytes(*told) != leaf.public_key().public_bytes(*told):
        raise PublishError(f"{key} is not the key of {chain}. Lay the two that belong together.")
    return Credential(pem, secret, _algorithm(private), _holder(leaf), leaf.serial_number)


def make(state: Path, name: str, now: datetime) -> Credential:
    """Make a certificate in this name, good for ten years, and lay it into the state.

    Raises ``PublishError`` for a name that cannot be written, and as ``lay`` does.
    """
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise PublishError(f"{name[:80]!r} cannot stand in a certificate. Choose a name of 1 to {LONGEST} letters.")
    return lay(state, *_made(name, now))


def lay(state: Path, chain: bytes, key: bytes) -> Credential:
    """Lay a certificate and its key, which only its owner may read, into the state.

    Raises ``PublishError`` where there is one already: it is never overwritten.
    """
    folder = state / FOLDER
    if (folder / CHAIN).exists() or (folder / KEY).exists():
        raise PublishError(f"There is a certificate in {folder}. Move it away first; what it signed still names it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key)
            os.fsync(file.fileno())
        write_atomically(folder / CHAIN, chain)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written ({error.strerror}). Make room or choose another --state."
        ) from error
    return read(folder / CHAIN, folder / KEY)


def _made(name: str, now: datetime) -> tuple[bytes, bytes]:
    """A chain of two and the key of its leaf: C2PA takes no certificate that signs itself (section 14.5.1)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed(f"{name[: LONGEST - 5]} root", root_key, None, root_key, now)
    leaf = _signed(name, leaf_key, root, root_key, now)
    chain = b"".join(each.public_bytes(Encoding.PEM) for each in (leaf, root))
    return chain, leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    above: x509.Certificate | None,
    signing: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    """One certificate: the root where nothing is ``above`` it, else one that may sign documents and nothing more."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    named = [x509.NameAttribute(oid, name) for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)]
    subject = x509.Name(named)
    built = x509.CertificateBuilder(above.subject if above else subject, subject, key.public_key())
    built = built.serial_number(x509.random_serial_number())
    built = built.not_valid_before(now - timedelta(minutes=5)).not_valid_after(now + LASTS)
    built = built.add_extension(x509.BasicConstraints(ca=above is None, path_length=None), critical=True)
    built = built.add_extension(_usage(is_root=above is None), critical=True)
    built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    built = built.add_extension(issuer, critical=False)
    if above:
        built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return built.sign(signing, hashes.SHA256())


def _usage(*, is_root: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_root, key_cert_sign=is_root, crl_sign=is_root,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _algorithm(key: Any) -> str:
    """How C2PA calls signing with this key. Raises ``PublishError`` for a kind it does not know."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match key:
        case ec.EllipticCurvePrivateKey() if key.curve.name in {"secp256r1", "secp384r1", "secp521r1"}:
            return {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}[key.curve.name]
        case ed25519.Ed25519PrivateKey():
            return "ed25519"
        case rsa.RSAPrivateKey():
            return "ps256"
    raise PublishError("C2PA signs with keys on P-256, P-384, P-521, Ed25519 or RSA; this certificate has another.")


def _holder(leaf: x509.Certificate) -> str:
    from cryptography.x509.oid import NameOID

    names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else leaf.subject.rfc4514_string()
