"""The scorecard and what stands around it: why, goals, processes, journey, comparison, what-if."""
