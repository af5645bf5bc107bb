package nginx

import (
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/audit"
)

// source is a file of the tree, read.
type source struct {
	path       string
	text       []byte
	directives []*directive
	template   bool   // something writes it before nginx reads it
	broken     string // what is wrong with it, "": nothing
	brokenAt   int    // line
	lines      int
	starts     []int // of lines; filled when one is asked for
	known      int   // directives that are nginx's, for sure
}

// directive is one directive, with its block if it has one.
type directive struct {
	file       *source
	words      []word
	block      []*directive
	opens      bool   // it has a block
	lua        string // the block, where that is Lua
	start, end int    // from the first byte of its name to behind the semicolon or brace
	endLine    int
}

func (d *directive) name() string { return d.words[0].text }
func (d *directive) line() int    { return d.words[0].line }

// arg is the i-th argument, from 1, or "".
func (d *directive) arg(i int) string {
	if i < len(d.words) {
		return d.words[i].text
	}
	return ""
}

// args are the texts of all arguments.
func (d *directive) args() []string {
	list := make([]string, 0, len(d.words)-1)
	for _, w := range d.words[1:] {
		list = append(list, w.text)
	}
	return list
}

// maxDepth bounds how deep blocks stand in each other. nginx itself has no use for more than a handful; what is deeper is read as if
// it stood here.
const maxDepth = 40

func itoa(n int) string { return strconv.Itoa(n) }

// read takes a file apart. It keeps what it can of one that is not whole.
func read(f audit.File) *source {
	s := &source{path: f.Path, text: f.Text}
	l := newLexer(f.Path, f.Text)
	s.template = l.closed != nil
	top := &directive{} // the file itself
	stack := []*directive{top}
	deeper := 0
	var words []word
	fault := func(what string, line int) {
		if s.broken == "" {
			s.broken, s.brokenAt = what, line
		}
	}
	add := func(d *directive) {
		d.file = s
		d.words = words
		d.start = words[0].start
		words = nil
		if nginxOnly[d.name()] || strings.HasPrefix(d.name(), "proxy_") || strings.HasPrefix(d.name(), "fastcgi_") {
			s.known++
		}
		above := stack[len(stack)-1]
		above.block = append(above.block, d)
	}
	for {
		k, w := l.next(len(words) == 0)
		switch k {
		case aWord:
			words = append(words, w)
			continue
		case semicolon:
			if len(words) > 0 {
				add(&directive{end: w.end, endLine: w.line})
			}
			continue
		case opening:
			if len(words) == 0 {
				fault("a block has no name", w.line)
				words = []word{{text: "", start: w.start, end: w.start, line: w.line}}
			}
			d := &directive{opens: true}
			add(d)
			if strings.HasSuffix(d.name(), "_by_lua_block") {
				d.lua = l.lua()
				d.end, d.endLine = l.pos, l.line
				continue
			}
			if len(stack) > maxDepth {
				deeper++
				fault("blocks stand too deep in each other", w.line)
				d.end, d.endLine = w.end, w.line
				continue
			}
			stack = append(stack, d)
			continue
		case closing:
			if len(words) > 0 {
				fault("a directive has no semicolon", words[0].line)
				add(&directive{end: w.start, endLine: w.line})
			}
			switch {
			case deeper > 0:
				deeper--
			case len(stack) > 1:
				d := stack[len(stack)-1]
				d.end, d.endLine = w.end, w.line
				stack = stack[:len(stack)-1]
			default:
				fault("a brace closes nothing", w.line)
			}
			continue
		}
		break
	}
	if len(words) > 0 {
		fault("a directive has no semicolon", words[0].line)
		add(&directive{end: len(f.Text), endLine: l.line})
	}
	for _, d := range stack[1:] {
		fault("a block never ends", d.line())
		d.end, d.endLine = len(f.Text), l.line
	}
	if l.broken != "" {
		s.broken, s.brokenAt = l.broken, l.line
	}
	s.directives = top.block
	s.lines = l.line
	return s
}

// nginxOnly are directives that no other server has by these names, and that most of its files have one of.
var nginxOnly = map[string]bool{
	"http": true, "server": true, "location": true, "upstream": true, "map": true, "log_format": true, "access_log": true, "error_log": true,
	"server_name": true, "root": true, "try_files": true, "add_header": true, "auth_request": true, "auth_basic": true, "worker_processes": true,
	"uwsgi_cache": true, "uwsgi_pass": true, "scgi_cache": true, "scgi_pass": true, "geo": true, "ssl_certificate": true, "limit_req_zone": true,
	"proxy_pass": true, "split_clients": true, "worker_connections": true,
}
