package gateway

import (
	"encoding/binary"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/httpfield"
)

// window is the length of the shortest part of a credential that is recognised, in bytes.
const window = 8

// masked is the path of a request without the credentials that it presents: an opaque token has no
// shape to be known by, but here stands what its bytes are. A path that holds none comes back as it
// is, which takes one pass over the credentials and no memory.
func (g *Gateway) masked(path string, h http.Header, hit bool) string {
	if len(path) < window {
		return path
	}
	readings := []reading{{text: path}}
	if strings.IndexByte(path, '%') >= 0 {
		readings = readingsOf(path)
	}
	var found bool
	for _, reading := range readings {
		var f filter
		f.learn(reading.text)
		g.presented(h, hit, func(value string) bool {
			found = f.shares(value, reading.text)
			return !found
		})
		if found {
			break
		}
	}
	if !found {
		return path
	}
	covered := make([]bool, len(path))
	for _, reading := range readings {
		shared := reading.windows()
		g.presented(h, hit, func(value string) bool {
			for i := 0; i+window <= len(value); i++ {
				if _, ok := shared[bytesAt(value, i)]; ok {
					shared[bytesAt(value, i)] = true
				}
			}
			return true
		})
		reading.cover(shared, covered)
	}
	return replaceCovered(path, covered)
}

// presented calls yield with each credential of a request, until that returns false: what follows the
// scheme in Authorization, the values of cookies, the listed fields, and, where it is not a hit that
// must be quick, every field that looks like one.
func (g *Gateway) presented(h http.Header, hit bool, yield func(string) bool) {
	for _, name := range g.credentials {
		if !presentedField(name, h[name], yield) {
			return
		}
	}
	if hit { // whoever sends credentials that are not listed gets none
		return
	}
	for name, values := range h {
		if !slices.Contains(g.credentials, name) && httpfield.TellsReader(name) && !presentedField(name, values, yield) {
			return
		}
	}
}

func presentedField(name string, values []string, yield func(string) bool) bool {
	for _, value := range values {
		switch name {
		case "Cookie":
			for value != "" {
				var pair string
				pair, value, _ = strings.Cut(value, ";")
				if _, one, ok := strings.Cut(pair, "="); ok && !yield(one) {
					return false
				}
			}
			continue
		case "Authorization", "Proxy-Authorization":
			if _, after, ok := strings.Cut(value, " "); ok {
				value = after
			}
		}
		if !yield(value) {
			return false
		}
	}
	return true
}

// filter says of most windows that a text does not hold them.
type filter [64]uint64

func (f *filter) learn(text string) {
	for i := 0; i+window <= len(text); i++ {
		n := slot(bytesAt(text, i))
		f[n>>6] |= 1 << (n & 63)
	}
}

// shares reports whether text, which was learnt, holds a window of value.
func (f *filter) shares(value, text string) bool {
	if len(value) < window {
		return false
	}
	v := bytesAt(value, 0)
	for i := window; ; i++ {
		if n := slot(v); f[n>>6]&(1<<(n&63)) != 0 && strings.Contains(text, value[i-window:i]) {
			return true
		}
		if i == len(value) {
			return false
		}
		v = v>>8 | uint64(value[i])<<56
	}
}

func slot(v uint64) uint { return uint(v * 0x9E3779B97F4A7C15 >> 52) }

func bytesAt(s string, i int) uint64 {
	var b [window]byte
	copy(b[:], s[i:i+window])
	return binary.LittleEndian.Uint64(b[:])
}

// reading is a path as somebody decodes it. Byte i of text stands in the path from at[i] to at[i+1];
// of the path itself at is nil.
type reading struct {
	text string
	at   []int
}

// readingsOf are the path as it stands, decoded, and decoded twice.
func readingsOf(path string) []reading {
	list := []reading{{text: path}}
	for range 2 {
		last := list[len(list)-1]
		next := last.decoded()
		if len(next.text) == len(last.text) {
			break
		}
		list = append(list, next)
	}
	return list
}

func (r reading) decoded() reading {
	var out []byte
	var at []int
	for i := 0; i < len(r.text); {
		n := 1
		c := r.text[i]
		if c == '%' && i+3 <= len(r.text) {
			if plain, err := url.PathUnescape(r.text[i : i+3]); err == nil {
				c, n = plain[0], 3
			}
		}
		out, at = append(out, c), append(at, r.place(i))
		i += n
	}
	return reading{string(out), append(at, r.place(len(r.text)))}
}

func (r reading) place(i int) int {
	if r.at == nil {
		return i
	}
	return r.at[i]
}

// windows are those of the text; none is found yet.
func (r reading) windows() map[uint64]bool {
	m := make(map[uint64]bool)
	for i := 0; i+window <= len(r.text); i++ {
		m[bytesAt(r.text, i)] = false
	}
	return m
}

// cover marks the bytes of the path that stand for found windows.
func (r reading) cover(found map[uint64]bool, covered []bool) {
	next := 0 // what stands before it is covered
	for i := 0; i+window <= len(r.text); i++ {
		if !found[bytesAt(r.text, i)] {
			continue
		}
		for j := max(next, r.place(i)); j < r.place(i+window); j++ {
			covered[j] = true
		}
		next = r.place(i + window)
	}
}

// replaceCovered puts a digest in the place of each run that is covered.
func replaceCovered(path string, covered []bool) string {
	var b strings.Builder
	for i := 0; i < len(path); {
		j := i
		for j < len(path) && covered[j] == covered[i] {
			j++
		}
		if covered[i] {
			b.WriteString("[" + redactor.Digest(path[i:j]) + "]")
		} else {
			b.WriteString(path[i:j])
		}
		i = j
	}
	return b.String()
}
