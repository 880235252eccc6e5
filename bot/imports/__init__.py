"""Reading accounts, members and contacts from the CSV files that other systems export."""
