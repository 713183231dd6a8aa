"""TimeKD: its teacher, a language model that reads windows as text, and its student, which learns from the teacher."""
