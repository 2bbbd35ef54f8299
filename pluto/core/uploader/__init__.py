"""Delivery: reads journals and brings what is in them to a server or the local store, in a process of its own."""
