"""The durable store: log, inbox, deadlines, outbox, leases, snapshots. Bytes in and out; it knows no incident."""
