"""Accounts and their keys: made with an enrolment token, continued by signatures, read by whoever names them."""
