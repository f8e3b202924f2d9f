"""The two journals of an engagement, for the coach and the coachee."""
