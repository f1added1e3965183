"""The web application: a Django project over the workspaces of several organisations.

`common` holds what every page stands on: who may do what, words, workspaces, layout. Each other folder is one
application with its own models, pages and tests.
"""
