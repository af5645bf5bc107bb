package python

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestMutations holds us against CPython on sources that someone has damaged: pieces of its library with tokens taken out, doubled,
// swapped or put in, brackets changed, lines moved to the right or left. MUTATIONS says how many, SEED which.
func TestMutations(t *testing.T) {
	python := findInterpreter(t)
	count, seed := 6000, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("MUTATIONS")); err == nil {
		count = n
	}
	if n, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = n
	}
	pieces := mutationSources(t, python, count)
	var c tally
	var wg sync.WaitGroup
	workers := runtime.NumCPU()
	for w := range workers {
		o := python.start(t)
		wg.Go(func() {
			m := mutator{rand.New(rand.NewPCG(seed, uint64(w))), pieces}
			for range count / workers {
				source := m.mutated()
				diff, err := c.compare(python, o, []byte(source))
				if err != nil {
					t.Error(errors.Join(err, errors.New(source)))
					return
				}
				if diff != "" && c.different <= 20 {
					t.Errorf("%s\n in %q", diff, source)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d trees are the same, %d sources are refused by both, %d need a newer grammar, %d are too much for CPython, %d differ", c.same, c.refused, c.newer, c.unknown, c.different)
	if c.same < count/20 || c.refused < count/5 {
		t.Errorf("the mutations do too much or too little")
	}
}

// mutationSources are pieces of a few lines from all over the library, and some that have what is rare there.
func mutationSources(t *testing.T, python interpreter, count int) []string {
	pieces := rare
	random := rand.New(rand.NewPCG(3, 5))
	for _, path := range sources(t, []string{python.library}, uint32(max(1, 100000/count))) {
		source, err := os.ReadFile(path)
		if err != nil || strings.Contains(filepath.Base(path), "encoded") {
			continue
		}
		lines := strings.SplitAfter(string(source), "\n")
		for at := 0; at < len(lines); {
			n := 1 + random.IntN(12)
			piece := strings.Join(lines[at:min(at+n, len(lines))], "")
			if at += n; len(Parse([]byte(piece)).Errors) == 0 && len(piece) > 20 {
				pieces = append(pieces, piece)
			} else if f := Parse([]byte("if 1:\n" + piece)); len(f.Errors) == 0 {
				pieces = append(pieces, "if 1:\n"+piece)
			}
		}
	}
	return pieces
}

var rare = []string{
	"match x, *y:\n  case [1, *_, -2j+3] | {'a': b, **c} if d: pass\n  case A.B(1, x=2) as e: pass\n  case (a, b), | None: pass\n",
	"match = {match: case}\nmatch[a:b]: int = 3\nmatch (a), b\ntype = type\ntype X[T: int = str, *U = *a, **P] = list[T]\n",
	"def f[T](a, b=1, /, c: int = 2, *d: *e, f, g=3, **h) -> i: return\n",
	"lambda a, b=1, /, *, c, d=2, **e: (yield)\n",
	"with (a as b, c as (d, [e, *f])), g as h.i: pass\nwith (a, b) as c, (yield): pass\nwith (a): pass\n",
	"async def f():\n  async for x, *y in z, *w: await x ** -y\n  async with a as b, c: return [x async for x in y if z if w for v in u]\n",
	"try:\n  pass\nexcept* (A, B) as c:\n  pass\nelse: a;\nfinally: b; c\n",
	"f'{x!r:>{w}.{p}}{y=}{ {z: 1}[z] = :a}{{}}' 'b' fr'\\{d}\\n{e:\\d}' f'{f'{g}'}' f'''{\nh # i\n}'''\n",
	"a = t'{x!r:>{w}.{p}}{y=} {z}' rt'{{\\d}}' T\"\"\"{ a # b\n }\"\"\" t''\ntry: a\nexcept B, C: d\nexcept E: f\n",
	"x = 0x_F, 0b1, 0o7, 1_000, 1.e-5j, .5, 00, 1if 2else 3, 0_0.0_1\n",
	"a = b'\\x00' rb'\\x' u'\\u1234\\U0001F600\\ud800' '\\777\\8' '''\n\\\n'''\n",
	"a = *b, *c = d, = yield e\n(x): int = y\na.b: c\na[b:c, ::d, *e]: f = yield\na @= b <= c is not d not in e\n",
	"del (a), [b, (c)], d.e[f]\nfor (x.y), [*z] in a, *b: pass\nelse: pass\n",
	"print(a, *b, c=d, *e, **f, g=h)(i for j in k)(l := m, n)\n",
	"class A[T](B, metaclass=C, *d, **e): x: y = z; pass\n@a.b[c](d := e)\nasync def f(): yield from x\n",
	"if a: b\nelif (c := d): e\nelif f:\n\tg\n\tif h:\n\t    i\nelse: j\n",
	"x = {**a, b: c, **d, }, {*e, f}, {g: h for i in j}, {k for l in m}, [], (), {}, (n,)\n",
	"x = not a == b < c if d and e or f else lambda: g\nraise A from b; assert c, d; global e, f; nonlocal g\n",
	"from ... a import (b as c, d,); from . import e; from f.g import *; import h . i as j, k\n",
	"ä = ℌ.ﬁ + µ  # ñ\n日本 = '日本' f'{ä}é'\n",
	"x = a \\\n  + b\nif x: \\\n  y\n  # comment\n\n\f\nz\n",
	"while (yield): continue; break\n\n\n\treturn\r\nx\ry\r\n",
}

// pool is what may be put in anywhere.
var pool = strings.Fields(`( ) [ ] { } , : ; . ... @ = -> := ! + - * ** / // % << >> & | ^ ~ == != < <= += **= >>= and as assert async await break class continue
	def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield
	None True False match case type _ x y1 0 1.5 2j 0x1 'a' "b" b'c' f'{d}' rf"{e:f}" u'' """g""" f'{h=!r:{i}}' \ # $ ? 1_ 0777 é ' " ''' f' {{ }}`)

type mutator struct {
	*rand.Rand
	pieces []string
}

func (m mutator) mutated() string {
	source := m.pieces[m.IntN(len(m.pieces))]
	if m.IntN(4) == 0 {
		source = rare[m.IntN(len(rare))]
	}
	for range 1 + m.IntN(3) {
		source = m.mutate(source)
	}
	return source
}

// mutate does one of the things that go wrong when people write.
func (m mutator) mutate(source string) string {
	tokens := spans(source)
	if len(tokens) < 3 {
		return source
	}
	a, b := tokens[m.IntN(len(tokens))], tokens[m.IntN(len(tokens))]
	if a.Start > b.Start {
		a, b = b, a
	}
	some := pool[m.IntN(len(pool))]
	switch m.IntN(12) {
	case 0, 1:
		return source[:a.Start] + source[a.End:]
	case 2:
		return source[:a.End] + " " + source[a.Start:]
	case 3:
		if a == b {
			return source
		}
		return source[:a.Start] + source[b.Start:b.End] + source[a.End:b.Start] + source[a.Start:a.End] + source[b.End:]
	case 4:
		return source[:a.Start] + source[b.Start:b.End] + source[a.End:]
	case 5, 6:
		return source[:a.Start] + some + source[a.End:]
	case 7:
		return source[:a.End] + some + source[a.End:]
	case 8:
		return source[:a.Start] + " " + some + " " + source[a.Start:]
	case 9:
		return m.moveLine(source)
	case 10:
		at := m.IntN(len(source))
		return source[:at] + source[at+1:]
	}
	const characters = "(){}[]:,'\"\\ \t\n#=*f.!\r"
	at, c := m.IntN(len(source)), m.IntN(len(characters))
	return source[:at] + characters[c:c+1] + source[at:]
}

func (m mutator) moveLine(source string) string {
	lines := strings.SplitAfter(source, "\n")
	i := m.IntN(len(lines))
	switch m.IntN(4) {
	case 0:
		lines[i] = " " + lines[i]
	case 1:
		lines[i] = "\t" + lines[i]
	case 2:
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(lines[i], " "), "   ")
	default:
		lines[i] = strings.TrimLeft(lines[i], " \t")
	}
	return strings.Join(lines, "")
}

// spans are the tokens of a source.
func spans(source string) []Span {
	p := newParser([]byte(source))
	var list []Span
	if len(p.file.Text) != len(source) {
		return nil // it declares an encoding
	}
	for p.scan(); p.kind != endOfFile; p.scan() {
		if p.end > p.start {
			list = append(list, Span{p.start, p.end})
		}
	}
	return list
}
