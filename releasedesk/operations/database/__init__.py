"""PostgreSQL as Django knows it, with a pool that looks before it asks."""
