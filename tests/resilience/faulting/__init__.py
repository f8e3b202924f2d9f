"""Faults under load, from a seed: what is acknowledged stays, and the log is one."""
