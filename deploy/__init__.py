"""How the project is run: the command line, the embedded stack and the simulated city."""
