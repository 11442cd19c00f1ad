"""The demo: the main job in steps, each of which checks what patients see."""
