"""The benchmark: organisations of any trade side by side, by files that carry aggregates only.

`exchange` says what a file holds and what it leaves out, `signature` and `files` how it is signed and read back,
`privacy` how noise is added and counted, `trust` whose keys are known, `comparison` what the league looks like.
"""
