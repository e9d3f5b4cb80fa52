"""The syntax of the lab's shell: text to a tree. The part of POSIX XCU 2 that one-line scripts in pods use."""

from __future__ import annotations

import re

from kheadless_tui.lab.pods.programs.shell_tree import (
    AndOr,
    Arithmetic,
    Case,
    Command,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
)


class ShellSyntaxError(Exception):
    """What the shell says of a script that it cannot read."""

    @property
    def unfinished(self) -> bool:
        """Whether more text could make it right: a quote, a list or a loop is open."""
        return any(words in str(self) for words in ("end of file", "unterminated"))


_OPERATORS = ("&&", "||", ";;", ";", "|", "&", "(", ")", "\n")
_REDIRECT = re.compile(r"(\d?)(>>|>&|<&|<>|<<-?|>|<)")
_RESERVED = ("then", "else", "elif", "fi", "do", "done", "esac", ";;", "}", ")")


def parse(script: str) -> Sequence:
    """The tree of a script.

    Raises:
        ShellSyntaxError: it cannot be read, or uses what this shell does not have.
    """
    parser = _Parser(_tokens(script))
    tree = parser.sequence(())
    if parser.peek() is not None:
        raise ShellSyntaxError(f'syntax error: unexpected "{parser.peek()}"')
    return tree


def _tokens(script: str) -> list[str]:
    tokens: list[str] = []
    awaited: list[int] = []
    position = 0
    while position < len(script):
        sign = script[position]
        if sign in " \t":
            position += 1
        elif script.startswith("\\\n", position):
            position += 2
        elif sign == "#":
            end = script.find("\n", position)
            position = len(script) if end < 0 else end
        elif script.startswith("((", position) and (end := script.find("))", position)) > 0:
            tokens.append(script[position : end + 2])
            position = end + 2
        elif sign == "\n" and awaited:
            tokens.append(sign)
            position += 1
            for place in awaited:
                tokens[place], position = _here_document(script, position, tokens[place], tokens[place - 1][-1] == "-")
            awaited.clear()
        elif found := _REDIRECT.match(script, position):
            tokens.append(found[0])
            position = found.end()
            if found[2].startswith("<<"):
                awaited.append(len(tokens))
        elif operator := next((item for item in _OPERATORS if script.startswith(item, position)), None):
            tokens.append(operator)
            position += len(operator)
        else:
            end = _word_end(script, position)
            tokens.append(script[position:end])
            position = end
    if awaited:
        raise ShellSyntaxError(f'syntax error: unexpected end of file (expecting "{tokens[-1]}")')
    return tokens


def _here_document(script: str, position: int, end: str, without_tabs: bool) -> tuple[str, int]:
    """The lines up to the one that is ``end``, as a quoted word, and the place behind that line (XCU 2.7.4)."""
    wanted = end.replace("\\", "").replace("'", "").replace('"', "")
    lines: list[str] = []
    while position < len(script):
        line, _, _ = script[position:].partition("\n")
        position += len(line) + 1
        line = line.lstrip("\t") if without_tabs else line
        if line == wanted:
            text = "".join(f"{one}\n" for one in lines)
            as_it_is = wanted != end
            quoted = "'" + text.replace("'", "'\\''") + "'" if as_it_is else '"' + text.replace('"', '\\"') + '"'
            return quoted, position
        lines.append(line)
    raise ShellSyntaxError(f'syntax error: unexpected end of file (expecting "{wanted}")')


def _word_end(script: str, position: int) -> int:
    """Behind the word that begins here; quotes and ``$( )`` belong to it as they are."""
    while position < len(script):
        sign = script[position]
        if sign == "\\":
            position += 2
        elif sign in "'`":
            position = _closing(script, position, sign)
        elif sign == '"':
            position = _double_quoted_end(script, position)
        elif script.startswith("$(", position):
            position = substitution_end(script, position)
        elif script.startswith("${", position):
            position = _closing(script, position, "}")
        elif sign in " \t\n;|&()<>":
            return position
        else:
            position += 1
    return min(position, len(script))


def _closing(script: str, position: int, sign: str) -> int:
    end = script.find(sign, position + 1)
    if end < 0:
        raise ShellSyntaxError("syntax error: unterminated quoted string")
    return end + 1


def _double_quoted_end(script: str, position: int) -> int:
    position += 1
    while position < len(script):
        if script[position] == "\\":
            position += 2
        elif script[position] == '"':
            return position + 1
        elif script.startswith("$(", position):
            position = substitution_end(script, position)
        else:
            position += 1
    raise ShellSyntaxError("syntax error: unterminated quoted string")


def substitution_end(script: str, position: int) -> int:
    """Behind the ``$( )`` that begins here.

    Raises:
        ShellSyntaxError: nothing closes it.
    """
    depth = 0
    while position < len(script):
        if script[position] == "(":
            depth += 1
        elif script[position] == ")":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    raise ShellSyntaxError('syntax error: unexpected end of file (expecting ")")')


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    def peek(self) -> str | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def take(self) -> str:
        item = self.peek()
        if item is None:
            raise ShellSyntaxError("syntax error: unexpected end of file")
        self._position += 1
        return item

    def expect(self, *wanted: str) -> str:
        if self.peek() is None:
            raise ShellSyntaxError(f'syntax error: unexpected end of file (expecting "{wanted[0]}")')
        item = self.take()
        if item not in wanted:
            raise ShellSyntaxError(f'syntax error: unexpected "{item}" (expecting "{wanted[0]}")')
        return item

    def sequence(self, ends: tuple[str, ...]) -> Sequence:
        tree = Sequence()
        while True:
            while self.peek() in (";", "\n"):
                self.take()
            item = self.peek()
            if item is None or item in ends:
                return tree
            if item in _RESERVED:
                wanted = f' (expecting "{ends[0]}")' if len(ends) == 1 else ""
                raise ShellSyntaxError(f'syntax error: unexpected "{item}"{wanted}')
            tree.items.append(self._and_or())
            item = self.peek()
            if item == "&":
                self.take()
                tree.items[-1].background = True
            elif item is not None and item not in (";", "\n", *ends):
                raise ShellSyntaxError(f'syntax error: unexpected "{item}"')

    def _and_or(self) -> AndOr:
        pipelines = [("", self._pipeline())]
        while self.peek() in ("&&", "||"):
            operator = self.take()
            self._skip_lines()
            pipelines.append((operator, self._pipeline()))
        return AndOr(pipelines)

    def _pipeline(self) -> Pipeline:
        negated = False
        while self.peek() == "!":
            self.take()
            negated = not negated
        commands = [self._command()]
        while self.peek() == "|":
            self.take()
            self._skip_lines()
            commands.append(self._command())
        return Pipeline(commands, negated)

    def _skip_lines(self) -> None:
        while self.peek() == "\n":
            self.take()

    def _command(self) -> Command:
        item = self.peek()
        command: Command
        if item == "if":
            command = self._if()
        elif item in ("while", "until"):
            command = self._loop()
        elif item == "for":
            command = self._for()
        elif item == "case":
            command = self._case()
        elif item is not None and item.startswith("(("):
            command = Arithmetic(self.take()[2:-2])
        elif item in ("{", "("):
            self.take()
            end = "}" if item == "{" else ")"
            body = self.sequence((end,))
            self.expect(end)
            command = Group(body, apart=end == ")")
        else:
            return self._simple()
        while (redirect := self._redirect()) is not None:
            command.redirects.append(redirect)
        return command

    def _if(self) -> If:
        branches = []
        self.take()
        while True:
            condition = self.sequence(("then",))
            self.expect("then")
            branches.append((condition, self.sequence(("elif", "else", "fi"))))
            item = self.expect("fi", "elif", "else")
            if item == "fi":
                return If(branches, None)
            if item == "else":
                otherwise = self.sequence(("fi",))
                self.expect("fi")
                return If(branches, otherwise)

    def _loop(self) -> Loop:
        until = self.take() == "until"
        condition = self.sequence(("do",))
        return Loop(condition, self._body(), until)

    def _for(self) -> For:
        self.take()
        name = self.take()
        words = []
        self._skip_lines()
        if self.peek() == "in":
            self.take()
            while self.peek() not in (";", "\n", None):
                words.append(self.take())
        else:
            words = ['"$@"']
        while self.peek() in (";", "\n"):
            self.take()
        return For(name, words, self._body())

    def _case(self) -> Case:
        self.take()
        command = Case(self.take(), [])
        self._skip_lines()
        self.expect("in")
        while True:
            while self.peek() in (";;", "\n"):
                self.take()
            if self.peek() == "esac":
                self.take()
                return command
            if self.peek() == "(":
                self.take()
            patterns = [self.take()]
            while self.expect(")", "|") == "|":
                patterns.append(self.take())
            command.branches.append((patterns, self.sequence((";;", "esac"))))
            if self.peek() != "esac":
                self.expect(";;")

    def _body(self) -> Sequence:
        self.expect("do")
        body = self.sequence(("done",))
        self.expect("done")
        return body

    def _simple(self) -> Simple:
        command = Simple()
        while True:
            redirect = self._redirect()
            if redirect is not None:
                command.redirects.append(redirect)
                continue
            item = self.peek()
            if item is None or item in _OPERATORS:
                break
            self.take()
            assignment = re.match(r"([A-Za-z_]\w*)=(.*)", item, re.DOTALL)
            if assignment and not command.words:
                command.assignments.append((assignment[1], assignment[2]))
            else:
                command.words.append(item)
        if self.peek() == "(" and len(command.words) == 1:
            raise ShellSyntaxError("syntax error: functions are not available in the lab")
        if not command.words and not command.assignments and not command.redirects:
            raise ShellSyntaxError(f'syntax error: unexpected "{self.peek() or "end of file"}"')
        return command

    def _redirect(self) -> Redirect | None:
        found = _REDIRECT.fullmatch(self.peek() or "")
        if found is None:
            return None
        self.take()
        stream = int(found[1]) if found[1] else (0 if found[2][0] == "<" else 1)
        return Redirect(stream, found[2], self.take())
