"""The programs in containers: the shell, what BusyBox, BIND and libc bring, and which one a name means."""
