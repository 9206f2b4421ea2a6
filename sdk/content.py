"""Content by digest, checked in both directions."""

from sdk.digests import content_digest_header, refuse_other
from sdk.schemas import Stored
from sdk.session import Session


class Content(Session):
    async def upload(self, body: bytes, media_type: str = "text/plain; charset=utf-8") -> Stored:
        """Stores bytes under their SHA-256; raises DigestMismatch if the service names another."""
        headers = {"Content-Type": media_type, "Content-Digest": content_digest_header(body)}
        answer = await self.request("POST", "/v1/content", repeatable=True, content=body, headers=headers)
        stored = Stored.model_validate(answer.json())
        refuse_other(body, stored.digest)
        return stored

    async def download(self, digest: str) -> bytes:
        """The bytes with this digest; raises NotFound (also where they are not yours to read) or DigestMismatch."""
        answer = await self.request("GET", f"/v1/content/{digest}", repeatable=True)
        return refuse_other(answer.content, digest)
