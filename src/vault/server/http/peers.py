"""The network address of a client, for rate limits alone: kept in memory, never logged, never stored."""

from ipaddress import IPv6Address, ip_address

from fastapi import Request

_SITE_BITS = 64


def peer_of(request: Request) -> str:
    """The peer's IPv4 address, or the 64-bit site of its IPv6 address: whoever has one has all addresses in it."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else f"{int(address) >> _SITE_BITS:x}"
