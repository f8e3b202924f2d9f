"""Answers that a client polls for: a strong ETag, and 304 without a body where nothing has changed."""

from fastapi import Request, Response


def tagged_answer(request: Request, content: bytes, tag: str, media_type: str, **headers: str) -> Response:
    """The content with its ETag; 304 where the request names that tag in `If-None-Match`.

    A keyword such as `cache_control` becomes the header of that name.
    """
    named_headers = {name.replace("_", "-").title(): text for name, text in headers.items()}
    etag = f'"{tag}"'
    if is_known(request, etag):
        return Response(status_code=304, headers={"ETag": etag, **named_headers})
    return Response(content, headers={"ETag": etag, **named_headers}, media_type=media_type)


def is_known(request: Request, etag: str) -> bool:
    """Whether the request names that tag in `If-None-Match`: its sender has the content already."""
    return etag in {each.strip() for sent in request.headers.getlist("if-none-match") for each in sent.split(",")}
