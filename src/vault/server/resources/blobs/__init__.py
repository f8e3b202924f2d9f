"""Sealed bytes of contracts, items and escalations, for whoever holds a seal of them."""
