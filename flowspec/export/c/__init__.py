"""A flow as C: `files` writes the folder `native/` of a bundle, from the templates `flow.h.in` and
`flow.c.in`; the functions of its tapes come from `flowspec.ops.c`.
"""
