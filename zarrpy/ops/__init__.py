"""Work on whole arrays and hierarchies, built on what they offer to everybody."""
