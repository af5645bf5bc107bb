package bearcache

import (
	"net/http"
	"slices"

	"github.com/bearcache/bearcache/internal/texts"
)

// packed are the fields of a stored response in one piece of memory, which holds no more than them: as they
// go out, and behind them, as the origin said them, those that hardening changed, added or removed. A
// million responses of ten fields are a million strings and not thirty. Each hit gets lines of its own
// for its response, so whatever an outer handler writes into them is not written into memory.
//
//	number of fields that go out, number of their lines
//	of each field: its name, number of its lines, these
//	of each field that the origin said otherwise: the same; no lines: it is ours alone
type packed string

// pack packs what goes out, and what the origin said where that is another.
func pack(sent, original http.Header) packed {
	fields, lines := 0, 0
	for _, values := range sent {
		fields++
		lines += len(values)
	}
	b := texts.AppendNumber(nil, fields)
	b = texts.AppendNumber(b, lines)
	for name, values := range sent {
		b = appendField(b, name, values)
	}
	for name, values := range original {
		if !slices.Equal(sent[name], values) {
			b = appendField(b, name, values)
		}
	}
	for name := range sent {
		if original[name] == nil {
			b = appendField(b, name, nil)
		}
	}
	return packed(b)
}

func appendField(b []byte, name string, lines []string) []byte {
	b = texts.Append(b, name)
	b = texts.AppendNumber(b, len(lines))
	for _, line := range lines {
		b = texts.Append(b, line)
	}
	return b
}

// cutField takes the next field apart from what follows. Its lines are put into room, if there is so much,
// and what is left of that is returned.
func cutField(s string, room []string) (name string, lines, left []string, rest string) {
	name, s, _ = texts.Cut(s)
	n, s, _ := texts.CutNumber(s)
	if n == 0 {
		return name, nil, room, s
	}
	if n > len(room) {
		room = make([]string, n)
	}
	for i := range n {
		room[i], s, _ = texts.Cut(s)
	}
	return name, room[:n:n], room[n:], s
}

// into sets in h the fields that go out. It returns room for more lines, as many as the caller wants.
func (p packed) into(h http.Header, more int) (room []string) {
	fields, s, _ := texts.CutNumber(string(p))
	lines, s, _ := texts.CutNumber(s)
	room = make([]string, lines+more)
	for range fields {
		var name string
		var values []string
		name, values, room, s = cutField(s, room)
		h[name] = values
	}
	return room
}

// sent are the fields as they go out.
func (p packed) sent() http.Header {
	h := make(http.Header)
	p.into(h, 0)
	return h
}

// original are the fields as the origin said them.
func (p packed) original() http.Header {
	h := make(http.Header)
	fields, s, _ := texts.CutNumber(string(p))
	_, s, _ = texts.CutNumber(s)
	for n := 0; s != ""; n++ {
		var name string
		var values []string
		name, values, _, s = cutField(s, nil)
		h[name] = values
		if values == nil && n >= fields {
			delete(h, name)
		}
	}
	return h
}

// whole reports whether p is what pack writes: nothing that is read from it is missing.
func (p packed) whole() bool {
	fields, s, ok := texts.CutNumber(string(p))
	lines := 0
	if ok {
		lines, s, ok = texts.CutNumber(s)
	}
	if !ok || fields < 0 || fields > len(p) || lines < 0 {
		return false
	}
	for n := 0; s != "" || n < fields; n++ {
		name, rest, ok := texts.Cut(s)
		count := 0
		if ok {
			count, rest, ok = texts.CutNumber(rest)
		}
		if !ok || name == "" || count < 0 || count > len(p) {
			return false
		}
		for range count {
			if _, rest, ok = texts.Cut(rest); !ok {
				return false
			}
		}
		if n < fields {
			lines -= count
		}
		s = rest
	}
	return lines == 0
}
