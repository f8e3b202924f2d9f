"""Writing: what is signed and kept on this device before it is sent, and what becomes of it after an answer."""
