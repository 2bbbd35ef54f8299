"""Pluto's server: an ASGI app that speaks the whole Pluto HTTP API over a folder.

The same app is called in-process by the engine (the local store) and served over HTTP by `pluto server`.
"""
