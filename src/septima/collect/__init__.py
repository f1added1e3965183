"""What comes by itself, over HTTP: messages of tracking clients and of mail services become canonical rows.

Pure of any server and any store: a body goes in, portions of rows come out. Whatever JSON comes, each message leaves a row,
if only one that the lake's check sends to the quarantine with its reason.
"""
