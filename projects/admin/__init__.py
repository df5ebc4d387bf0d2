"""The Django admin of projects, and what the admins of all packages are made of.

The admin is the platform's: platform admins write there, auditors look, nobody else gets in. Every
write is an operation; Django's own model permissions play no part.
"""

from projects.admin import attachments, people, projects, rows, secrets, tokens

__all__ = ["attachments", "people", "projects", "rows", "secrets", "tokens"]
