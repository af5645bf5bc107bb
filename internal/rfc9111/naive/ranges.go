package naive

import (
	"math"
	"math/big"
	"net/http"
	"strings"
)

// ContentRange reads the Content-Range of a 206 in bytes (RFC 9110 §14.4): total is -1 if it says that it is unknown. What is not valid,
// what says that no range could be satisfied, and what is more than an int64 can hold is not ok.
func ContentRange(line string) (first, last, total int64, ok bool) {
	unit, rest, _ := strings.Cut(trim(line), " ")
	positions, length, slash := strings.Cut(rest, "/")
	from, to, dash := strings.Cut(positions, "-")
	if lower(unit) != "bytes" || !slash || !dash || !isDigits(from) || !isDigits(to) || length != "*" && !isDigits(length) {
		return 0, 0, 0, false
	}
	a, b, n := decimal(from), decimal(to), big.NewInt(-1)
	if length != "*" {
		n = decimal(length)
		if n.Cmp(b) <= 0 { // a complete length that is not greater than the last position
			return 0, 0, 0, false
		}
	}
	if a.Cmp(b) > 0 || !b.IsInt64() || !n.IsInt64() {
		return 0, 0, 0, false
	}
	return a.Int64(), b.Int64(), n.Int64(), true
}

// SingleRange reads a Range of one range of bytes (RFC 9110 §14.1.2) against a representation of that length. ok is false if it is not
// valid or has several. satisfiable is §14.1.2's: a first position before the end, or a suffix that is not 0. A suffix of a
// representation without any bytes is satisfiable, and is 0 to -1.
func SingleRange(line string, length int64) (first, last int64, ok, satisfiable bool) {
	specs, ok := rangeSpecs(line)
	if !ok || len(specs) != 1 {
		return 0, 0, false, false
	}
	from, to, _ := strings.Cut(specs[0], "-")
	size := big.NewInt(max(0, length))
	one := big.NewInt(1)
	if from == "" { // the last so many
		n := decimal(to)
		if n.Sign() == 0 {
			return 0, 0, true, false
		}
		if n.Cmp(size) > 0 {
			n = size
		}
		return new(big.Int).Sub(size, n).Int64(), new(big.Int).Sub(size, one).Int64(), true, true
	}
	a, b := decimal(from), new(big.Int).Sub(size, one)
	if to != "" && decimal(to).Cmp(b) < 0 {
		b = decimal(to)
	}
	if a.Cmp(size) >= 0 {
		return 0, 0, true, false
	}
	return a.Int64(), b.Int64(), true, true
}

// rangeSpecs reads a ranges-specifier in bytes: first-last, first- or -suffix, at least one, with commas between. The unit's case does
// not count (§14.1). Whitespace is only around commas. One that is wrong spoils all (§14.1.1).
func rangeSpecs(line string) (specs []string, ok bool) {
	unit, set, found := strings.Cut(trim(line), "=")
	if !found || lower(unit) != "bytes" {
		return nil, false
	}
	pieces := strings.Split(set, ",")
	if trim(pieces[0]) != "" && strings.TrimLeft(pieces[0], " \t") != pieces[0] {
		return nil, false
	}
	for _, piece := range pieces {
		piece = trim(piece)
		if piece == "" {
			continue
		}
		from, to, dash := strings.Cut(piece, "-")
		switch {
		case !dash || from == "" && to == "":
			return nil, false
		case from != "" && !isDigits(from), to != "" && !isDigits(to):
			return nil, false
		case from != "" && to != "" && decimal(from).Cmp(decimal(to)) > 0:
			return nil, false
		}
		specs = append(specs, piece)
	}
	return specs, len(specs) > 0
}

func decimal(digits string) *big.Int {
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return new(big.Int)
	}
	return n
}

// within is §3.3: the stored 206 has all the bytes there are, or all that the request asks for. Parts in a multipart are not looked at.
func within(stored, request http.Header, method string) bool {
	lines := fieldLines(stored, "Content-Range")
	if len(lines) != 1 {
		return false
	}
	first, last, total, ok := ContentRange(lines[0])
	if !ok {
		return false
	}
	if first == 0 && last == total-1 {
		return true
	}
	asked := fieldLines(request, "Range")
	if method != "GET" || len(asked) != 1 { // RFC 9110 §14.2: Range is for GET
		return false
	}
	specs, ok := rangeSpecs(asked[0])
	if !ok || !ifRange(stored, request) {
		return false
	}
	if total < 0 {
		total = math.MaxInt64 // then what ends at the end is not within
	}
	some := false
	for _, spec := range specs {
		a, b, ok, satisfiable := SingleRange("bytes="+spec, total)
		if !ok || satisfiable && (a < first || b > last) {
			return false
		}
		some = some || satisfiable
	}
	return some
}

// ifRange is RFC 9110 §13.1.5: if there is one, it is the strong entity tag, or exactly the date, of what is stored.
func ifRange(stored, request http.Header) bool {
	lines := fieldLines(request, "If-Range")
	if len(lines) == 0 {
		return true
	}
	for _, name := range []string{"ETag", "Last-Modified"} {
		have := fieldLines(stored, name)
		if len(lines) == 1 && len(have) == 1 && lines[0] == have[0] && !strings.HasPrefix(lines[0], "W/") {
			return true
		}
	}
	return false
}
