"""Who may do what: one table over all routes and socket events, run as a whole.

`actors` says who asks, `world` what there is to ask for, `rows` how a line of the table is written;
the lines are in `routes_*` and `events`. tests/flows/test_permissions.py holds them against the
registries of the application and asks every one as everybody.
"""
