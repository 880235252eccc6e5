"""Rules: what the data say of accounts and contacts, told in words; what would have been said on earlier days."""
