"""The objects for a thread. Made by scripts/make-synchronous; change asynchronous."""
