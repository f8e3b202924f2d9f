"""Three nodes of PostgreSQL under Patroni, and a service that outlives each of them."""
