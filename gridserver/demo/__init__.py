"""The demo county: Kaihua (330824) as package data, and the scripts that make and play it.

Everything in here is a client of the public interfaces; no room of the server imports it.
"""
