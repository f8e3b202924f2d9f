"""Rows explained by statements: what a deployment stores, held against what people signed.

Records in, findings out: a `Source` gives the rows of each table as they were at one moment, and `everything.reconcile`
says what of them no signed statement explains, row by row. Nothing here reads a file, a database or a network, and
nothing opens anything, so an operator's `check` and an auditor stand on the same floor.
"""
