"""The live socket: one hub a process, one outbox a client."""
