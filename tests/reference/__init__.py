"""The pages of docs/reference/ that are made from the code, and the comparison of the code with pages by hand."""
