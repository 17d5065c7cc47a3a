"""Monotone curves of one number with many parameters: splines, polynomials, monotone
networks.
"""
