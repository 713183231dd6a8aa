"""TimeKD's language-model teacher and its distilled student."""
