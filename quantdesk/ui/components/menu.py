"""Menu: a `<details>` that closes after a choice, on Escape and on a click elsewhere."""

import reflex as rx

_SOURCE = rx.asset("menu.jsx", shared=True)


class Menu(rx.Component):
    """Its first child is the `<summary>`, its second the `.menu-body`."""

    library = _SOURCE.importable_path
    tag = "Menu"


menu = Menu.create
