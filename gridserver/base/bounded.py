"""Asking another server over HTTP, which may take its time with every byte, or never end."""

from __future__ import annotations

import io
from typing import Any

import gevent
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

#: Seconds to connect, to wait for each part of an answer, and for all of it.
_CONNECT_S, _PART_S, _ALL_S = 5.0, 10.0, 15.0
#: What an answer may have, unpacked.
_MOST_BYTES = 1 << 20


class BoundedAdapter(HTTPAdapter):
    """Reads an answer as a whole, within a time and up to a size.

    The time for all of it holds in the web process, whose every wait is gevent's; elsewhere each
    part has its own. Raises `requests.RequestException` beyond either.
    """

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send a request. What the caller says of time and of streaming doesn't count."""
        patience = (_CONNECT_S, _PART_S)
        with gevent.Timeout(_ALL_S, requests.Timeout(f"not all here within {_ALL_S:.0f} s")):
            answer = super().send(request, True, patience, verify, cert, proxies)
            # What is set as `raw` is read by whoever asks for the answer's content.
            answer.raw = io.BytesIO(_body(answer))
        return answer


def _body(answer: requests.Response) -> bytes:
    try:
        body: bytes = answer.raw.read(_MOST_BYTES + 1, decode_content=True)
    except HTTPError as error:  # urllib3's, which requests only translates where it reads itself
        raise requests.ConnectionError(error) from error
    finally:
        answer.raw.close()
    if len(body) > _MOST_BYTES:
        raise requests.RequestException(f"more than {_MOST_BYTES} bytes")
    return body
