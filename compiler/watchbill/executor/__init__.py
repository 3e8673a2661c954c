"""The executor: a wing of its own. It reads a compiled plan and knows who is on call; policies it never sees."""
