package python

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// hostile are texts of about so many bytes that were made to hurt.
func hostile(n int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, n/len(s)+1) }
	return map[string]string{
		"one line":                               "a = " + fill("b, ") + "c\n",
		"one line of statements":                 fill("a;") + "\n",
		"brackets":                               fill("("),
		"brackets on lines of their own":         fill("(\n"),
		"brackets, closed":                       fill("(") + fill(")"),
		"closing brackets":                       fill(")"),
		"bad lines":                              fill("a b\n"),
		"bad brackets":                           fill("a b(\n"),
		"bad brackets, further to the right":     "a b(\n" + fill("  c(\n"),
		"headers without blocks":                 fill("def f():\n"),
		"else without if":                        fill("else:\n a\n"),
		"elif":                                   "if a: b\n" + fill("elif c: d\n"),
		"not":                                    fill("not "),
		"minus":                                  fill("-"),
		"lambda":                                 fill("lambda:"),
		"if else":                                fill("a if b else "),
		"powers":                                 fill("a**"),
		"sums":                                   fill("a+") + "a",
		"sums in brackets":                       strings.Repeat("(", 150) + strings.Repeat(fill("a+")[:n/150]+"a)", 150),
		"attributes":                             fill("a.") + "a",
		"calls":                                  "a" + fill("()"),
		"subscripts":                             "a" + fill("[0]"),
		"strings":                                fill("'a' "),
		"strings that never end":                 fill("'a\n"),
		"long strings that never end":            fill("'''a\n\"\"\"b\n"),
		"long strings that never end, escaped":   fill("'''\\'''"),
		"long strings of one quote":              "'''" + fill("''\\"),
		"escapes":                                "'''" + fill(`\x41`) + "'''",
		"escapes that are wrong":                 fill(`'\x4'`),
		"names of characters":                    "'" + fill(`\N{`) + "'",
		"names of characters in an f-string":     "f'" + fill(`\N{`) + "'",
		"f-strings inside one another":           fill("f'{"),
		"f-strings inside one another, on lines": fill("f'''{\n"),
		"fields inside one another":              "f'" + fill("{a:") + "'",
		"fields":                                 "f'" + fill("{a}") + "'",
		"fields on lines":                        fill("f'{a b(\n"),
		"f-strings that repeat what they hold":   strings.Repeat("f'''{", 60) + "(\n" + fill("a, # b\r\n") + ")" + strings.Repeat("=}'''", 60),
		"digits":                                 fill("1"),
		"digits of a hexadecimal number":         "0x" + fill("f"),
		"digits behind a point":                  "0." + fill("1_1"),
		"NUL":                                    fill("\x00"),
		"no UTF-8":                               fill("\xff\xfe"),
		"carriage returns":                       fill("a\r"),
		"carriage returns and comments":          fill("# a\r"),
		"empty lines":                            fill("\n"),
		"white space":                            fill(" "),
		"white space on lines":                   fill(" \t\f\n"),
		"continued lines":                        fill("\\\n"),
		"continued white space":                  fill(" \\\n"),
		"comments":                               fill("#\n"),
		"comments in brackets":                   "(" + fill("#\n"),
		"indents":                                indents(n),
		"indents and dedents":                    fill("if a:\n b\n"),
		"marks of a merge":                       fill("<<<<<<< a\n"),
		"shifts":                                 fill("<") + "\n",
		"with":                                   "with " + fill("(a, b), "),
		"with in brackets":                       "with (" + fill("a as b, "),
		"match":                                  fill("match "),
		"match of brackets":                      fill("match (\n"),
		"patterns":                               "match a:\n case " + fill("b|") + "c: d\n",
		"patterns in brackets":                   "match a:\n case " + fill("["),
		"mapping patterns":                       "match a:\n case " + fill("{b:") + "c: d\n",
		"cases":                                  "match a:\n" + fill(" case b: c\n"),
		"decorators":                             fill("@a\n"),
		"targets":                                fill("a = "),
		"parameters":                             "def f(" + fill("a, ") + "): pass\n",
		"letters that are no ASCII":              fill("é"),
		"letters that are no letters":            fill("a€ "),
		"names in other forms":                   fill("ﬁ, "),
		"an encoding":                            "# coding: latin-1\n" + fill("'\xe9'\n"),
		"many dots":                              fill("..."),
		"semicolons":                             fill(";"),
		"at":                                     fill("@"),
		"dictionaries":                           "a = {" + fill("b: c, "),
		"comprehensions":                         "[a " + fill("for b in c if d "),
		"types":                                  fill("type "),
		"conversions":                            "f'" + fill("{a!r}") + "'",
	}
}

func indents(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(" ", i) + "if a:\n")
	}
	return b.String()
}

// TestHostileInput: what is done grows with the text and no faster, counted in bytes and tokens; and the tree is one that can be walked.
func TestHostileInput(t *testing.T) {
	const small = 20_000
	twice := hostile(4 * small)
	for name, text := range hostile(small) {
		t.Run(name, func(t *testing.T) {
			work := func(text string) float64 {
				p := newParser([]byte(text))
				f := p.parse()
				wellFormed(t, f)
				return float64(p.work) / float64(len(text))
			}
			once, more := work(text), work(twice[name])
			if more > 20 || more > 1.5*once+1 {
				t.Errorf("%.2f for each byte, of a text four times as long %.2f", once, more)
			}
		})
	}
}

// TestHostileSize reads a megabyte of each; what takes quadratic time would not come to an end, and what nests would fill the stack.
func TestHostileSize(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, text := range hostile(1 << 20) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f := Parse([]byte(text))
			runtime.ReadMemStats(&after)
			if allocated := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(text)); allocated > 400 {
				t.Errorf("%.0f bytes allocated for each byte", allocated)
			}
			height := 0
			for _, s := range f.Body {
				height = max(height, heightOf(s))
			}
			if height > 3*maxDepth {
				t.Errorf("a tree of height %d", height)
			}
		})
	}
}

func heightOf(n Node) int {
	height := 0
	first := true
	Inspect(n, func(child Node) bool {
		if first {
			first = false
			return true
		}
		height = max(height, heightOf(child))
		return false
	})
	return height + 1
}

func TestTooLarge(t *testing.T) {
	f := Parse(make([]byte, maxText+1))
	if len(f.Errors) != 1 || len(f.Body) != 0 {
		t.Errorf("%v", f.Errors)
	}
	if f.Line(0) != 1 || f.Column(0) != 0 {
		t.Error("no first line")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range rare {
		f.Add([]byte(s))
	}
	for _, s := range hostile(40) {
		f.Add([]byte(s))
	}
	for _, s := range pool {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := Parse(text)
		wellFormed(t, file)
		again := Parse(text)
		if dump(file) != dump(again) || fmt.Sprint(file.Errors) != fmt.Sprint(again.Errors) || !reflect.DeepEqual(file.Comments, again.Comments) {
			t.Errorf("%q reads differently the second time", text)
		}
		// A statement that is put before or behind is read whatever the text is, unless it swallows what follows.
		before := Parse(append([]byte("first = 1\n"), file.Text...))
		if a, ok := before.Body[0].(*Assign); !ok || a.Start != 0 || a.End != 9 {
			if len(file.Text) == 0 || file.Text[0] != ' ' {
				t.Errorf("%q takes away the line before it", text)
			}
		}
	})
}
