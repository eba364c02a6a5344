"""PostgreSQL as Django knows it, with connections that are looked at and not asked."""
