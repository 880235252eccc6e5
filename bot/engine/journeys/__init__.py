"""Journeys at work: which one an account is on, its milestones, the gates between its stages, the segment table."""
