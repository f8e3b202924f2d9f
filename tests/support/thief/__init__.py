"""Somebody takes the disk of a server and looks in it for what people wrote."""
