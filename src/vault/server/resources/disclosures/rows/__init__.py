"""The rows of disclosures."""
