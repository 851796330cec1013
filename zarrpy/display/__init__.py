"""What a person looks at: trees, facts, tables and pictures, as plain text.

The modules here turn plain values into lines of text. They open nothing and read nothing;
whoever calls them has already fetched what is to be shown.
"""
