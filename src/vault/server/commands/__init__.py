"""What an operator can do, one module for each idea."""
