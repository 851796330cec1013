"""What goes wrong with files, processes and machines, and what is left then."""
