"""Coaching apps: made by the operator, known by a slug and a key, blind to people."""
