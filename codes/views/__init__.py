"""The customers' pages: each view translates one request into one call of the domain, and its answer into a page."""
