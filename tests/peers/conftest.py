"""Nothing here is a test; most modules run in the interpreters of peers only."""

collect_ignore_glob = ["*.py"]
