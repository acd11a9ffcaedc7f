"""Spread work over devices and processes: the mesh and its rules, absent machines, how processes meet."""
