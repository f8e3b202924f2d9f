"""Disclosures, their openings and their end: what a sponsor is served, at the moment of asking."""
