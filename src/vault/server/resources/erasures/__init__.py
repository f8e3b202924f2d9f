"""Erasures: what they destroy. Their route comes with the life of an engagement."""
