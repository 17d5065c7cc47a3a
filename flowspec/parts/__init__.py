"""The fields and values of a component: how they are declared, checked, and walked."""
