"""Enrolment tokens: an app's permission for one person to make an account, without knowing which."""
