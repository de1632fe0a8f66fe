"""One function for each command: (Config, ...) -> Report. Five files, named like the help panels."""
