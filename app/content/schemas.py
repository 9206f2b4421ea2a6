"""Wire shape of stored content."""

from pydantic import BaseModel

from app.web.fields import DigestField


class Stored(BaseModel):
    """`digest` is the SHA-256 of the bytes, `size` their number."""

    digest: DigestField
    size: int
    media_type: str
