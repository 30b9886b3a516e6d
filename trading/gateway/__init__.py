"""The broker worker's inside: one asyncio loop that keeps the sessions of the connections it holds."""
