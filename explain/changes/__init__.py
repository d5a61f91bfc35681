"""What would change a recommendation, and how far an applicant and a score can be trusted."""
