"""Screens that cover the panels with what a probe or an excursion brought, and that work may still be running on."""
