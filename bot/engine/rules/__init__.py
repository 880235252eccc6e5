"""What rules do to accounts and runs, and which rules may act at all."""
