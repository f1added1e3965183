"""Argon2 that takes no time: tests make hundreds of people."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """As little work as the algorithm allows."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
