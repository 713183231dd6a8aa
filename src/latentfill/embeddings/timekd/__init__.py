"""TimeKD: a teacher, which is a language model that reads windows as text, and a student that learns from it."""
