"""Stored content."""

from app.errors.kinds import InvalidInput, TooLarge, Unavailable


class DigestMismatch(InvalidInput):
    text = "The bytes have the digest {actual}, the request says {expected}."


class DigestHeaderMalformed(InvalidInput):
    text = "Content-Digest must be sha-256=:BASE64: of 32 bytes (RFC 9530)."


class MediaTypeMalformed(InvalidInput):
    text = "Content-Type is not a media type."


class ContentTooLarge(TooLarge):
    text = "The content is larger than {limit} bytes."


class UploadStalled(InvalidInput):
    text = "The body sent nothing for {seconds} seconds."


class ContentMissing(Unavailable):
    """The row is there and the file is not: storage is detached or damaged."""

    text = "The stored bytes of {digest} cannot be read just now."
