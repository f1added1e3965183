"""The roll-out of the CRM approach: its road map, and the composite that says how well it succeeds.

`definition` and `reading` are the file `rollout.yaml`, `schedule` the milestones and phases by days, `success` the
composite, `measured` all of it over a company's data.
"""
