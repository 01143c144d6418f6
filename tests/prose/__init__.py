"""The prose check: documentation, docstrings, comments and messages are plain English.

`python3 -m tests.prose` reads all of them and prints a line with file, line and advice for each fault. The rules:

- `phrases`: patterns of words that are read twice, and openings that leave the subject unnamed;
- `pages`: Markdown, sentence by sentence, with a limit of words for each;
- `code`: docstrings (PEP 257), comments, and the messages that a program prints;
- `linter`: proselint, without the checks that are wrong for these texts.
"""
