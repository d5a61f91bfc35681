"""The SQL side of the ledger, its payloads and its projections."""
