"""Escalations: what they and their openings write. Their routes come with the life of an engagement."""
