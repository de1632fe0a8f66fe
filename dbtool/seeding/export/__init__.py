"""The database as seeds again: nested and by natural key, so that seeding them gives the same rows."""
