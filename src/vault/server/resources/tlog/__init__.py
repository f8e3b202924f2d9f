"""The transparency log as anybody reads it."""
