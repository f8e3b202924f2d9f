"""Attachments: large content in parts, uploaded before an item names it, read in ranges by who may read the item."""
