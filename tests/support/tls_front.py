"""TLS in front of a server, as an operator's proxy gives it: for clients that insist on HTTPS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def make_certificate(folder: Path) -> Path:
    """A key and a certificate for `localhost` that signs itself, in one file."""
    file = folder / "localhost.pem"
    key = folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext"]
        + ["subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(file)],
        check=True,
        capture_output=True,
    )
    with file.open("ab") as both:
        both.write(key.read_bytes())
    return file


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _serve(client: socket.socket, context: ssl.SSLContext, address: tuple[str, int]) -> None:
    with suppress(OSError), context.wrap_socket(client, server_side=True) as secure:
        with socket.create_connection(address) as plain:
            back = threading.Thread(target=_pump, args=(plain, secure), daemon=True)
            back.start()
            _pump(secure, plain)
            back.join()


@contextmanager
def tls_front(address: tuple[str, int], certificate: Path) -> Iterator[str]:
    """An https:// address whose bytes go to `address`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client = listener.accept()[0]
                    threading.Thread(
                        target=_serve, args=(client, context, address), daemon=True
                    ).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
