"""Slot headers: the public beginning of a recovery, for accounts that exist and for those that do not."""
