"""Keyring and blobs, read as docs/formats.md describes them, with Tink's own library."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import os
import random
import struct
import subprocess
from pathlib import Path

import pytest
import tink
from support.server import BINARY
from tink import aead, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, aes_gcm_pb2, common_pb2, tink_pb2

REGION = "us-west-2"
HEADER = 128
MAKE_BLOBS = Path(os.environ.get("OUTCROP_MAKE_BLOBS", BINARY.parent / "tests/unit/make_blobs"))


@pytest.fixture(scope="session", autouse=True)
def tink_is_registered() -> None:
    aead.register()
    streaming_aead.register()


@pytest.fixture(autouse=True)
def server_lives() -> None:
    """Files are all that is looked at here: no server is needed."""


def keyset(type_name: str, key: bytes) -> tink.KeysetHandle:
    """One raw key as Tink takes it: no prefix before the ciphertext."""
    set_ = tink_pb2.Keyset(primary_key_id=1)
    item = set_.key.add()
    item.key_id = 1
    item.status = tink_pb2.ENABLED
    item.output_prefix_type = tink_pb2.RAW
    item.key_data.type_url = f"type.googleapis.com/google.crypto.tink.{type_name}"
    item.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    item.key_data.value = key
    return tink.proto_keyset_format.parse(set_.SerializeToString(), secret_key_access.TOKEN)


def open_box(key: bytes, box: bytes, aad: bytes) -> bytes:
    """Nonce, ciphertext, tag: also the form of Tink's AES-GCM."""
    proto = aes_gcm_pb2.AesGcmKey(version=0, key_value=key).SerializeToString()
    return bytes(keyset("AesGcmKey", proto).primitive(aead.Aead).decrypt(box, aad))


def open_stream(key: bytes, segment: int, stream: bytes, aad: bytes) -> bytes:
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key)
    proto.params.ciphertext_segment_size = segment
    proto.params.derived_key_size = 32
    proto.params.hkdf_hash_type = common_pb2.SHA256
    handle = keyset("AesGcmHkdfStreamingKey", proto.SerializeToString())
    primitive = handle.primitive(streaming_aead.StreamingAead)
    with primitive.new_decrypting_stream(io.BytesIO(stream), aad) as plain:
        return bytes(plain.read())


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 for one block."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Keyring:
    def __init__(self, folder: Path) -> None:
        self.master = unbase64((folder / "master.key").read_text().strip())
        line, mac = (folder / "keyring.json").read_bytes().splitlines()
        self.root = json.loads(line)
        assert self.root["version"] == 1
        assert mac.decode() == hmac.digest(self.derive(b"keyring mac"), line, "sha256").hex()

    def derive(self, purpose: bytes) -> bytes:
        return hkdf(self.master, b"outcrop master key", purpose)

    def material(self, key_id: str) -> bytes:
        (key,) = (key for key in self.root["keys"] if key["id"] == key_id)
        parts = ["outcrop key", "1", key["id"], key["account"], key["region"]]
        aad = "\0".join(parts).encode()
        return open_box(self.derive(b"keyring wrap"), unbase64(key["material"]), aad)

    def data_key(self, key_id: str, wrapped: bytes) -> bytes:
        stands_as = f"service:{REGION}" if key_id == "service" else key_id
        aad = f"outcrop data key\0001\000{key_id}\000{REGION}".encode()
        return open_box(self.material(stands_as), wrapped, aad)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def read_blob(folder: Path, keyring: Keyring, key_id: str, digest: str) -> bytes:
    file = (folder / REGION / "parts" / key_id / digest[:2] / digest[2:]).read_bytes()
    header = file[:HEADER]
    magic, version, segment, size, stored_id, wrapped, zero, crc = struct.unpack(
        ">8sIIQ36s60s4sI", header
    )
    assert (magic, version, zero) == (b"outcropb", 1, bytes(4))
    assert stored_id.rstrip(b"\0").decode() == key_id
    assert crc == crc32c(header[:-4])
    aad = bytes.fromhex(digest) + header
    plain = open_stream(keyring.data_key(key_id, wrapped), segment, file[HEADER:], aad)
    assert len(plain) == size
    return plain


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes], list[str]]:
    """A folder, the plaintexts by digest, and the lines of make_blobs."""
    folder = tmp_path_factory.mktemp("blobs")
    chance = random.Random(7)
    segment = 1 << 18
    first = segment - 40 - 16
    sizes = [0, 1, 1000, first - 1, first, first + 1, first + segment - 16, 1 << 20, 8 << 20]
    plain: dict[str, bytes] = {}
    files = []
    for number, size in enumerate(sizes):
        data = chance.randbytes(size)
        path = folder / f"plain-{number}"
        path.write_bytes(data)
        files.append(path)
        plain[hashlib.sha256(data).hexdigest()] = data
    done = subprocess.run(
        [MAKE_BLOBS, folder, REGION, *files], check=True, capture_output=True, text=True
    )
    return folder, plain, done.stdout.splitlines()


def test_tink_reads_every_blob(stored: tuple[Path, dict[str, bytes], list[str]]) -> None:
    folder, plain, lines = stored
    keyring = Keyring(folder)
    assert len(lines) == 2 * len(plain)
    for line in lines:
        key_id, digest = line.split()
        assert read_blob(folder, keyring, key_id, digest) == plain[digest]


def test_tink_refuses_a_blob_under_another_digest(
    stored: tuple[Path, dict[str, bytes], list[str]],
) -> None:
    folder, _, lines = stored
    keyring = Keyring(folder)
    key_id, one = lines[2].split()
    other = lines[4].split()[1]
    parts = folder / REGION / "parts" / key_id
    file = (parts / one[:2] / one[2:]).read_bytes()
    wrapped = file[60:120]
    key = keyring.data_key(key_id, wrapped)
    good = open_stream(key, 1 << 18, file[HEADER:], bytes.fromhex(one) + file[:HEADER])
    assert hashlib.sha256(good).hexdigest() == one
    with pytest.raises(tink.TinkError):
        open_stream(key, 1 << 18, file[HEADER:], bytes.fromhex(other) + file[:HEADER])
