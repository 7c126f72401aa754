"""The dashboard behind its port: where it listens, by which certificate, and what is said when it cannot."""

from __future__ import annotations

import json
import os
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from central.__main__ import main
from central.api.origins import allowed_origins
from central.api.server import Entrance, PortTakenError, WebServer, listen
from central.config import WebSettings
from central.errors import WebError
from edge.notify import Notifier
from edge.watchdog import Watchdog
from tests.brokers import free_port, wait_until
from tests.certificates import Authority, Pair


def scheme_and_client(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.url.scheme} {request.client.host if request.client else ''}")


APP = Starlette(routes=[Route("/", scheme_and_client)])


@contextmanager
def serving(web: WebSettings) -> Iterator[Watchdog]:
    watchdog = Watchdog(Notifier(None), None)
    with WebServer(APP, Entrance(web), watchdog.heartbeat("web", 90.0)):
        yield watchdog


def get(web: WebSettings, context: ssl.SSLContext | None = None, **headers: str) -> str:
    scheme = "http" if context is None else "https"
    request = urllib.request.Request(f"{scheme}://localhost:{web.port}/", headers=headers)
    with urllib.request.urlopen(request, context=context) as answer:
        text: str = answer.read().decode()
        return text


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def secure(pair: Pair, port: int) -> WebSettings:
    return WebSettings(port=port, certificate_file=pair.certificate, key_file=pair.key)


def test_it_serves_until_the_end_of_the_context_and_frees_the_port() -> None:
    web = WebSettings(port=free_port())
    with serving(web):
        assert get(web) == "http 127.0.0.1"
    with listen(web):
        pass


def test_a_taken_port_is_said_with_the_way_to_find_by_whom() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        web = WebSettings(port=other.getsockname()[1])
        with pytest.raises(PortTakenError, match=r"another program listens there already; write another web\.port"):
            listen(web)


def test_an_address_that_comes_later_is_waited_for_but_check_config_says_so() -> None:
    web = WebSettings(listen="192.0.2.1", port=free_port())
    with listen(web):
        pass
    with pytest.raises(WebError, match="this machine has no such address"):
        listen(web, ahead=False)


def test_tls_is_spoken_by_the_certificate_and_a_renewed_one_is_shown_without_a_restart(authority: Authority) -> None:
    first, port = authority.issue("first", host="localhost"), free_port()
    web, context = secure(first, port), ssl.create_default_context(cafile=authority.certificate)
    heartbeat = Watchdog(Notifier(None), None).heartbeat("web", 90.0)
    with WebServer(APP, Entrance(web), heartbeat, look_seconds=0.0):
        assert get(web, context) == "https 127.0.0.1"
        before = shown(port)
        second = authority.issue("second", host="localhost")
        for old, new in ((first.certificate, second.certificate), (first.key, second.key)):
            os.utime(new, ns=(time.time_ns(), time.time_ns()))
            new.replace(old)
        wait_until(lambda: shown(port) != before)
        assert get(web, context) == "https 127.0.0.1"


def shown(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port))


def test_a_key_of_another_certificate_is_named(authority: Authority) -> None:
    one, other = authority.issue("one", host="localhost"), authority.issue("other", host="localhost")
    web = WebSettings(port=free_port(), certificate_file=one.certificate, key_file=other.key)
    with pytest.raises(WebError, match="the key is another certificate's"):
        Entrance(web)


def test_only_the_proxy_of_the_config_is_believed_who_the_browser_is() -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    for proxy, answer in (("127.0.0.1", "https 192.0.2.7"), ("192.0.2.99", "http 127.0.0.1"), (None, "http 127.0.0.1")):
        web = WebSettings(port=free_port(), behind_proxy=proxy, origin="https://classpulse.school.example")
        with serving(web):
            assert get(web, **forwarded) == answer


@pytest.mark.parametrize("written", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_proxy_is_believed_on_a_socket_for_both_families_too(written: str) -> None:
    web = WebSettings(listen="::", port=free_port(), behind_proxy=written, origin="https://classpulse.school.example")
    with serving(web):
        assert get(web, **{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}) == "https 192.0.2.7"


def test_origins_are_the_loopback_ones_or_the_names_of_the_certificate_or_the_one_of_the_config(
    authority: Authority,
) -> None:
    assert allowed_origins(WebSettings(port=8080)) == {
        "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080",
    }  # fmt: skip
    assert allowed_origins(secure(authority.issue("web", host="localhost"), 8443)) >= {"https://localhost:8443"}
    web = WebSettings(origin="https://classpulse.school.example:443", behind_proxy="127.0.0.1")
    assert allowed_origins(web) == {"https://classpulse.school.example"}
    with pytest.raises(WebError, match="names no host"):
        allowed_origins(secure(authority.issue("room-101"), 8443))


def test_check_config_tries_the_port_and_the_certificate(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    config, pair, port = tmp_path / "central.toml", authority.issue("web", host="localhost"), free_port()
    text = f'[mqtt]\nhost = "127.0.0.1"\ntls = false\n[store]\npath = "{tmp_path}/c.db"\n[web]\nport = {port}\n'
    config.write_text(text + f'certificate_file = {json.dumps(str(pair.certificate))}\nkey_file = "{pair.key}"\n')
    assert main(["check-config", str(config)]) == 0
    assert f"the dashboard at https://localhost:{port}" in capsys.readouterr().out
    with socket.create_server(("127.0.0.1", port)):
        assert main(["check-config", str(config)]) == 0
        assert "where something listens already" in capsys.readouterr().out
    pair.key.write_text("nonsense")
    assert main(["check-config", str(config)]) == 1
    assert "cannot be used" in capsys.readouterr().err
    expired = authority.issue("old", host="localhost", days=0)
    config.write_text(text + f'certificate_file = "{expired.certificate}"\nkey_file = "{expired.key}"\n')
    assert main(["check-config", str(config)]) == 1
    assert "has expired" in capsys.readouterr().err
