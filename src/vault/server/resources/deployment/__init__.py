"""What a deployment says of itself, its problems, its health and its API description."""
