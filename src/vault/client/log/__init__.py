"""The transparency log from a client's side: receipts, checkpoints, the search, and taking journal entries over."""
