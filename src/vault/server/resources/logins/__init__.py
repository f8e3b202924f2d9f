"""Challenges, logins and the tokens that come of them."""
