"""A credential in a URL ends in logs and histories: such a request is refused before anything reads it."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import CredentialInUrl
from app.web.problems import problem_of


class CredentialsInUrls:
    """ASGI layer that refuses any target with an API key's `prefix` in it, percent-encoded or not."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self.app = app
        self.prefix = prefix.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.prefix in unquote_to_bytes(
            scope["raw_path"] + b"?" + scope["query_string"]
        ):
            await problem_of(CredentialInUrl(), scope["state"]["request_id"])(scope, receive, send)
            return
        await self.app(scope, receive, send)


def target_of(scope: Scope) -> bytes:
    """Path and query without their percent signs."""
    path: str = scope["path"]
    return path.encode() + b"?" + unquote_to_bytes(scope["query_string"])
