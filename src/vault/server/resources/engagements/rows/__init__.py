"""The rows of engagements and contracts."""
