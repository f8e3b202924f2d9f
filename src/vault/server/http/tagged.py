"""Answers that a client polls for: a strong ETag, and 304 without a body where nothing has changed."""

from fastapi import Request, Response


def tagged_answer(request: Request, content: bytes, tag: str, media_type: str) -> Response:
    """The content with its ETag; 304 where the request names that tag in `If-None-Match`."""
    etag = f'"{tag}"'
    named = {each.strip() for sent in request.headers.getlist("if-none-match") for each in sent.split(",")}
    if etag in named:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(content, headers={"ETag": etag}, media_type=media_type)
