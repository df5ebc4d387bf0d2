"""The write side: one module per noun; each function authorises, changes, audits."""
