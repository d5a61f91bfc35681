"""Tables beside the ledger: people, log-ins, keys."""
