"""What tests and scripts stand on; no test is here, and it needs nothing else of tests."""
