"""The monthly run, the rebuild of all editions, and months due for publication."""
