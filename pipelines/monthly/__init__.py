"""The monthly run, the rebuild of all editions, and what an unattended installation has still to do."""
