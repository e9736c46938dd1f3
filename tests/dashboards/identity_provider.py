"""A small OpenID Connect provider for tests: discovery, authorisation with PKCE, tokens signed by a key of its own, sign-out.

It lets in whoever `person` says, without asking; what it saw stands in `seen`.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "shequ-test", "client-secret-of-the-test"


@dataclass
class Provider:
    """`person`: the claims of whoever signs in next. `lasts`: seconds that a token is good. `forge`: sign with a key nobody knows."""

    address: str = ""
    person: dict = field(default_factory=dict)
    lasts: int = 3600
    forge: bool = False
    seen: list[str] = field(default_factory=list)
    codes: dict[str, dict] = field(default_factory=dict)
    key: object = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    other: object = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))

    def metadata(self) -> dict:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "end_session_endpoint": f"{self.address}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def authorise(self, asked: dict[str, str]) -> str:
        """Where the browser goes next, with a code good for one token."""
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code" and "openid" in asked["scope"]
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, given: dict[str, str], authorization: str) -> dict | None:
        """The tokens of a code; None where code, client or verifier are not right."""
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None or authorization != expected or not _verified(asked, given.get("code_verifier", "")):
            return None
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + self.lasts,
            "nonce": asked.get("nonce"),
            **self.person,
        }
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.other if self.forge else self.key)
        return {
            "id_token": signed,
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": self.lasts,
        }


def _verified(asked: dict[str, str], verifier: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return "code_challenge" not in asked or asked["code_challenge"] == digest


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            provider.seen.append(url.path)
            match url.path:
                case "/.well-known/openid-configuration":
                    self._json(provider.metadata())
                case "/jwks":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                case "/authorize":
                    self._go(provider.authorise(asked))
                case "/logout":
                    self._go(asked["post_logout_redirect_uri"])
                case _:
                    self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.seen.append(self.path)
            token = provider.token(
                {name: values[0] for name, values in parse_qs(body).items()}, self.headers.get("Authorization", "")
            )
            self._json(token or {"error": "invalid_grant"}, 200 if token else 400)

        def _json(self, content: dict, status: int = 200) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _go(self, where: str) -> None:
            self.send_response(302)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_) -> None:
            """Quiet: what was asked stands in `seen`."""

    return Handler


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on a port of its own until the block ends."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
