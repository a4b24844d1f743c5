"""Empty: one icon and one sentence where a table has nothing to show."""

from typing import Any

import reflex as rx

from quantdesk.ui.components.icon import icon


def empty(icon_name: str, sentence: Any, *action: rx.Component) -> rx.Component:
    """The sentence and, when there is one, the action that would change it."""
    return rx.el.div(icon(icon_name, 24), rx.el.p(sentence), *action, class_name="empty")
