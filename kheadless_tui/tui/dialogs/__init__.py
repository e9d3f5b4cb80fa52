"""Screens that lie over the panels and answer one question: help, why, which commands, which rights, which lever."""
