"""Engagements: their contracts, assents and closures, and the journal that coach and coachee read."""
