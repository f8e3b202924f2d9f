"""The rows of attachments."""
