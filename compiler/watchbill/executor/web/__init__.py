"""What the executor answers to: Alertmanager's webhooks, probes and scrapes."""
