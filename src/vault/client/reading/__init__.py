"""Verified reading: logging in, journals and views of them, what is served to those who read no journal."""
