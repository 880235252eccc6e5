"""What leaders look at: the book of business, where playbooks get stuck, what is missing, what to change."""
