"""What is known of the Services, as data and sentences: the rows of the tree, and everything of the selected one."""
