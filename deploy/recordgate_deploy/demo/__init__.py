"""The demo: the main job told as a story that checks itself."""
