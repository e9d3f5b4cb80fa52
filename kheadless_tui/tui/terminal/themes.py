"""Our themes: one dark, one light, and one of the terminal's own sixteen colours.

A theme gives each role of ``render/roles.py`` its colour; no widget and no style sheet names one. Contrast of text to
background is at least 4.5:1 for every role that carries words (WCAG 2.2, 1.4.3), checked by a test.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="kheadless-dark",
    dark=True,
    primary="#7cc4ff",
    secondary="#c9a6ff",
    accent="#6fd3e0",
    foreground="#d6d9de",
    background="#14171b",
    surface="#14171b",
    panel="#3c444e",
    boost="#20262d",
    success="#7fd18b",
    warning="#e8c268",
    error="#ff8a80",
    variables={
        "role-text": "#d6d9de",
        "role-muted": "#8b95a1",
        "role-frame": "#4d5763",
        "role-focus": "#7cc4ff",
        "role-linked": "#6fd3e0",
        "role-marked": "#ffffff",
        "role-changed": "#6fd3e0",
        "role-good": "#7fd18b",
        "role-warn": "#e8c268",
        "role-bad": "#ff8a80",
        "role-unknown": "#c9a6ff",
    },
)

LIGHT = Theme(
    name="kheadless-light",
    dark=False,
    primary="#0757a8",
    secondary="#6a32a8",
    accent="#00626e",
    foreground="#23272c",
    background="#fafafa",
    surface="#fafafa",
    panel="#c4c9cf",
    boost="#eceff2",
    success="#1b6b2a",
    warning="#7d5200",
    error="#b3261e",
    variables={
        "role-text": "#23272c",
        "role-muted": "#5f6770",
        "role-frame": "#a9b0b8",
        "role-focus": "#0757a8",
        "role-linked": "#00626e",
        "role-marked": "#000000",
        "role-changed": "#00626e",
        "role-good": "#1b6b2a",
        "role-warn": "#7d5200",
        "role-bad": "#b3261e",
        "role-unknown": "#6a32a8",
    },
)

ANSI = Theme(
    name="kheadless-ansi",
    ansi=True,
    dark=True,
    primary="ansi_cyan",
    secondary="ansi_magenta",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_bright_black",
    boost="ansi_default",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        "role-text": "ansi_default",
        "role-muted": "ansi_bright_black",
        "role-frame": "ansi_bright_black",
        "role-focus": "ansi_cyan",
        "role-linked": "ansi_cyan",
        "role-marked": "ansi_default",
        "role-changed": "ansi_blue",
        "role-good": "ansi_green",
        "role-warn": "ansi_yellow",
        "role-bad": "ansi_red",
        "role-unknown": "ansi_magenta",
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_bright_white",
    },
)

THEMES = {"dark": DARK, "light": LIGHT, "ansi": ANSI}
"""By the word that a user chooses them with."""

CHOICE = "KHEADLESS_THEME"
"""Environment variable that names one of :data:`THEMES`."""
