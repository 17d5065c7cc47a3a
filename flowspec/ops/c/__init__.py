"""Tapes as C99: the fifth interpreter of the vocabulary.

    elementary.c   exp, log, tanh ... without branches; `elementary` picks those that are called
    dense.c        products with fixed matrices
    values         where values stand: views of scratch memory and of tables
    constants      fixed numbers as tables, fixed matrices in blocks without their zeros
    expressions    elementwise operations as expressions
    fusion         loops that several of them share
    places         where each value of a tape stands
    products       sums and products as statements
    turns          loops, and networks that are worked out in them stage by stage
    schedule       the order of statements: which operations share a loop
    function       a tape as the body of a function
    memory         scratch memory: which values may stand where others have stood
    lent           memory that callers lend: the weights of large flows, and their scratch memory
    source         the file

Values are arrays [elements][T], T rows innermost: T is 16 in tiles, and 1 for single rows. The same
text serves both, included once with each. Every sum is added up in one order, so that a row gives
the same bits alone, in a tile, and for every compiler and instruction set.
"""
