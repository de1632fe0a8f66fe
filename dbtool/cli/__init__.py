"""Front end: parse the command line, call the public API, show the report."""
