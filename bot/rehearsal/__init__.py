"""Rehearsing: a playbook carried out by the real engine on a copy of an account, in a database that is thrown away."""
