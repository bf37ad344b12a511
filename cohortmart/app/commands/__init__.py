"""The commands of the command line, one module each where they need more than a call."""
