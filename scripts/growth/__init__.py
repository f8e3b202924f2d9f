"""How a deployment grows, reckoned from named assumptions: the tables of docs/scaling.md."""
