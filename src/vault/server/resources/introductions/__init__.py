"""Introductions: the answer to an invitation, kept for a month for the one who invited, and for nobody else."""
