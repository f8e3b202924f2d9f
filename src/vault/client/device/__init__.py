"""What one device holds: the folder with its one file, the keyring, codes and kits, and the open session."""
