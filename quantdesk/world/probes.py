"""Probes: does a server answer now? Each takes at most half a second and never raises."""

import http.client
import json
import socket

TIMEOUT_S = 0.5


def listens(port: int) -> bool:
    """True when something accepts connections on 127.0.0.1:`port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S):
            return True
    except OSError:
        return False


def http_ok(port: int, path: str) -> bool:
    """True when GET `path` answers 200."""
    return _request(port, "GET", path, None)[0] == http.client.OK


def chain_is_healthy(port: int) -> bool:
    """True when the node's `getHealth` says ok."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getHealth"})
    status, answer = _request(port, "POST", "/", body)
    return status == http.client.OK and b'"ok"' in answer


def _request(port: int, method: str, path: str, body: str | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        headers = {"content-type": "application/json"} if body else {}
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
