"""Sealing and opening, and everything they need; no clock, no chance, no network, no file."""
