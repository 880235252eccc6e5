"""What happens to runs, steps, milestones and escalations. A use case is one public function of a module here."""
