"""How the second reader is made: public data → pairs → network → one file.

Needs the extra `footnote[train]`; nothing here runs in the product.
"""
