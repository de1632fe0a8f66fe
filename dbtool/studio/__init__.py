"""Front end: a browser for the project's database, served on this machine only."""
