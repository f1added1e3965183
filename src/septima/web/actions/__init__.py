"""What a person owns: own KPIs, a department's, and what is to be done about them."""
