"""Prints the trees that CPython makes of files: what python_test.go holds the parser against.

Reads requests from standard input, each a line with a number of bytes and behind it so many bytes of source. For each it writes a
line with a number of bytes and behind it so many bytes: the tree, or "refused", or "unknown" where CPython ran out of
stack or memory rather than that it found a mistake.
"""

import ast
import re
import struct
import sys
import warnings

warnings.simplefilter("ignore")
sys.setrecursionlimit(100000)

CONTEXT = {ast.Load: "", ast.Store: "Store", ast.Del: "Del"}
FIELDS = {}
for node in vars(ast).values():
    if isinstance(node, type) and issubclass(node, ast.AST):
        FIELDS[node] = [f for f in node._fields if f not in ("ctx", "type_comment", "type_ignores")]
        # What later versions have; where it is missing, none of it can be in the source.
        if node.__name__ in ("FunctionDef", "AsyncFunctionDef", "ClassDef") and "type_params" not in FIELDS[node]:
            FIELDS[node].append("type_params")
        if node.__name__ in ("TypeVar", "TypeVarTuple", "ParamSpec") and "default_value" not in FIELDS[node]:
            FIELDS[node].append("default_value")


def escaped(value):
    return value.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b'"', b'\\"')


def constant(value):
    if value is None or value is Ellipsis or value is True or value is False:
        return str(value).encode()
    if isinstance(value, str):
        return b's"' + escaped(value.encode("utf-8", "surrogatepass")) + b'"'
    if isinstance(value, bytes):
        return b'b"' + escaped(value) + b'"'
    if isinstance(value, int):
        return hex(value).encode()
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value).hex().encode()
    return b"j" + struct.pack(">d", value.imag).hex().encode()


def field(out, value):
    if isinstance(value, ast.AST):
        tree(out, value)
    elif isinstance(value, list):
        out.append(b"[")
        for element in value:
            field(out, element)
        out.append(b"]")
    elif isinstance(value, str):
        out.append(value.encode("utf-8", "surrogatepass"))
        out.append(b" ")
    else:
        out.append(str(value).encode())
        out.append(b" ")


def joined(spec):
    """A format of several pieces of literal text becomes a constant in CPython, of one piece a JoinedStr: here always that."""
    place = {"lineno": spec.lineno, "col_offset": spec.col_offset - 1, "end_lineno": spec.end_lineno, "end_col_offset": spec.end_col_offset}
    return ast.JoinedStr([spec], **place)


def tree(out, node):
    kind = type(node)
    if kind is ast.FormattedValue and isinstance(node.format_spec, ast.Constant):
        node.format_spec = joined(node.format_spec)
    fields = FIELDS[kind]
    out.append(b"\n" + kind.__name__.encode())
    if hasattr(node, "lineno"):
        out.append(b" %d:%d-%d:%d " % (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset))
    if not fields:
        out.append(b" ")
        return
    if hasattr(node, "ctx"):
        out.append(CONTEXT[type(node.ctx)].encode())
    out.append(b"(")
    if kind is ast.Constant:
        out.append(constant(node.value))
        if node.kind:
            out.append(b" u")
    elif kind is ast.MatchSingleton:
        out.append(str(node.value).encode())
    else:
        for name in fields:
            field(out, getattr(node, name, [] if name == "type_params" else None))
    out.append(b")")


def answer(source):
    try:
        # Of bytes, ast does not hold comments to the encoding; of a file, the import does.
        if not re.search(rb"coding[:=]", b"".join(source.splitlines()[:2])):
            source.decode("utf-8")
        module = ast.parse(source)
        out = []
        for statement in module.body:
            tree(out, statement)
        return b"".join(out)
    except (RecursionError, MemoryError):
        return b"unknown"
    except (SyntaxError, ValueError):
        return b"refused"


def main():
    while line := sys.stdin.buffer.readline():
        text = answer(sys.stdin.buffer.read(int(line)))
        sys.stdout.buffer.write(b"%d\n" % len(text))
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()


main()
