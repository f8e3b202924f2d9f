"""Keyrings: one sealed object of each person, with the slots that open it, for that person alone."""
