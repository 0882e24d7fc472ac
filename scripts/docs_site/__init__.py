"""What `make docs` makes of docs/ and of the code: navigation, links, drawings, the reference, a last check."""
