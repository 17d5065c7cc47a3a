"""A flow as WebAssembly: the C of a bundle through clang, and a module of JavaScript for it."""
