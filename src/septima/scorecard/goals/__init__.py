"""Goals: what a company wants, by which KPIs it sees that it gets there, and how far it has come."""
