"""Who answers for what: CKPIint shared out over departments, teams and people."""
