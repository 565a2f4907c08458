"""A second implementation of weightseal's format, from FORMAT.md alone."""
