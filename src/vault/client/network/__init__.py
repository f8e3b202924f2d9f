"""Calls and answers: what an act asks of the outside, how strictly an answer is read, and the drivers that send."""
