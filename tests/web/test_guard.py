"""Who is let in: names, origins, tokens, rates; and what every answer tells a browser."""

from __future__ import annotations

from typing import Any

import pytest

from siam.errors import UsageError
from siam.web.middleware.guard import is_signed_in, session_value
from siam.web.server import check_token
from siam.web.settings import Settings

TOKEN = "correct-horse-battery-staple"
HEALTH, ITEMS, SESSION = "/api/v1/health", "/api/v1/items", "/api/v1/session"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("digits.example:8000", 200),  # allowed below
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("192.168.0.7:8000", 403),  # this one is reached by its own machine alone
        ("localhost@evil.example", 403),
        ("", 403),
    ],
)
def test_only_the_servers_own_names_are_answered(start: Any, host: str, status: int) -> None:
    client = start(hosts=("digits.example",))
    answer = client.get(HEALTH, headers={"host": host})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "host"
        assert "--allow-host" in answer.json()["error"]["cure"]


def test_a_server_for_others_is_reached_by_any_address_and_its_machines_name_alone(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Laptop")  # what is said at the start
    client = start(host="0.0.0.0", token=TOKEN)
    for host in ("laptop:8000", "Laptop.local", "192.168.0.7:8000", "localhost:8000"):
        assert client.get(HEALTH, headers={"host": host}).status_code == 200
    for host in ("evil.example", "laptop.example"):
        assert client.get(HEALTH, headers={"host": host}).status_code == 403
    assert start().get(HEALTH, headers={"host": "laptop:8000"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "https://127.0.0.1:8000"}, 200),  # TLS in front
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
    ids=str,
)
def test_another_sites_page_changes_and_asks_nothing(
    start: Any, headers: dict[str, str], status: int
) -> None:
    client = start(writable=True)
    body = {"ids": [1], "label": "new"}
    answer = client.post(f"{ITEMS}/label", json=body, headers=headers)
    assert answer.status_code == status
    assert client.get(f"{ITEMS}?label=new").json()["total"] == (status == 200)
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_of_another_site_is_granted_nothing(start: Any) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "DELETE"}
    answer = start(writable=True).options(f"{ITEMS}/1", headers=asked)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_all_but_health_asks_for_the_token(start: Any, digit: bytes) -> None:
    client = start(token=TOKEN, writable=True)
    told = client.get(HEALTH).json()
    assert told == {"schema": 1, "status": "ok", "token_required": True}
    described = client.get("/api/v1/openapi.json", headers={"authorization": f"Bearer {TOKEN}"})
    for path, operations in described.json()["paths"].items():
        for method in operations:
            if path in (HEALTH, SESSION):
                continue
            answer = client.request(method, path.replace("{number}", "1").replace("{name}", "x"))
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in ("", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}"):
        assert client.get(ITEMS, headers={"authorization": wrong}).status_code == 401
    assert client.get(f"{ITEMS}?token={TOKEN}").status_code == 401  # never in a URL
    assert client.get(ITEMS, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/").status_code == 200  # which asks for it


def test_a_browser_is_signed_in_by_a_cookie_that_does_not_tell_the_token(start: Any) -> None:
    client = start(token=TOKEN)
    assert client.post(SESSION).status_code == 401
    answer = client.post(SESSION, headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie
    assert TOKEN not in cookie
    assert client.get(f"{ITEMS}/1/thumbnail").status_code == 200  # the client keeps it
    assert client.get(HEALTH).json()["run"] == "digits"
    secure = {"authorization": f"Bearer {TOKEN}", "origin": "https://127.0.0.1:8000"}
    assert "Secure" in client.post(SESSION, headers=secure).headers["set-cookie"]
    client.cookies.clear()
    assert client.get(ITEMS).status_code == 401


def test_a_cookie_ends_and_is_of_one_token() -> None:
    assert is_signed_in(f"s={session_value(TOKEN)}", TOKEN, "s")
    assert not is_signed_in(f"s={session_value(TOKEN, 1_000_000_000)}", TOKEN, "s")
    assert not is_signed_in(f"s={session_value('another-token-of-some')}", TOKEN, "s")
    until = session_value(TOKEN).partition(".")[0]
    assert not is_signed_in(f"s={until}.", TOKEN, "s")
    assert not is_signed_in("s=x.y", TOKEN, "s")
    assert not is_signed_in("", TOKEN, "s")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_other_machines_are_let_in_with_a_token_alone(host: str) -> None:
    with pytest.raises(UsageError, match="no token") as told:
        check_token(Settings(host=host))
    assert "SIAM_SERVE_TOKEN" in told.value.cure and "TLS" in told.value.cure
    check_token(Settings(host=host, token=TOKEN))


def test_a_name_that_others_use_takes_a_token_too() -> None:
    """A proxy on this machine lets others in by it."""
    with pytest.raises(UsageError, match="siam.example"):
        check_token(Settings(hosts=("siam.example",)))
    check_token(Settings(hosts=("siam.example",), token=TOKEN))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    check_token(Settings(host=host))


def test_a_client_that_asks_too_often_waits(start: Any) -> None:
    client = start(rate=2.0)
    answers = [client.get(HEALTH) for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 200 and refused
    assert refused[0].json()["error"]["code"] == "too_often"
    assert int(refused[0].headers["retry-after"]) >= 1


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
def test_who_says_to_be_another_waits_too(start: Any, name: str) -> None:
    client = start(rate=1e-6)  # one request, and none for days
    statuses = [
        client.get(HEALTH, headers={name: f"for=192.0.2.{place}"}).status_code for place in range(2)
    ]
    assert statuses == [200, 429]


@pytest.mark.parametrize("path", ["/", HEALTH, "/api/v1/nothing", f"{ITEMS}/1/thumbnail"])
def test_a_browser_is_told_to_run_nothing_else(start: Any, path: str) -> None:
    headers = start().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_two_names_are_none(start: Any) -> None:
    twice = [("host", "127.0.0.1:8000"), ("host", "127.0.0.1:8000")]
    answer = start().get(HEALTH, headers=twice)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host")
