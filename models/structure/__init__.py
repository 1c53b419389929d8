"""What a document is made of: identity, sections, noise."""
