"""One module for each thing that a person does. An act is a generator: it does no network I/O itself."""
