"""Items: versions, seals and resealing, and who can open what."""
