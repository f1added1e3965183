"""What an open workspace has to say, as studies: chapters of the report on its card, and what its models find.

There is a module for each. A function `…_answer` takes options and gives what was found with the study that tells it, or the error
that says why not; a function `…_chapter` gives the study with its usual options, as the report holds it.
"""
