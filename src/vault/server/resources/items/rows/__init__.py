"""The rows of items."""
