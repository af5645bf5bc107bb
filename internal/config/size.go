package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

// Size is a number of bytes, written plainly or with a unit: 1048576, 1MiB, 1MB.
type Size int64

// The units; KB, MB and GB are powers of 1000.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

var units = []struct {
	name string
	size Size
}{{"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"", 1}}

var sizeSyntax = regexp.MustCompile(`^(0|[1-9][0-9]*)(KiB|MiB|GiB|KB|MB|GB)?$`)

func (Size) shape() shape {
	return shape{want: "a size such as 64MiB", numbers: true, schema: jsonschema.Schema{
		AnyOf: []*jsonschema.Schema{
			{Type: "string", Pattern: sizeSyntax.String()},
			{Type: "integer", Minimum: "1"},
		},
		Examples: []any{"64MiB", "1048576"},
	}}
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(b []byte) error {
	text := string(b)
	m := sizeSyntax.FindStringSubmatch(text)
	if m == nil {
		return sizeProblem(text)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	for _, u := range units {
		if u.name == m[2] {
			if err != nil || n > math.MaxInt64/int64(u.size) {
				return fmt.Errorf("%s is more than any memory; write a size such as 64MiB", show(text))
			}
			*s = Size(n) * u.size
		}
	}
	return nil
}

// sizeProblem guesses what was meant: the unit's letter alone, another case, a space before it.
func sizeProblem(text string) error {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := strings.ToLower(strings.TrimSpace(text[len(digits):]))
	if strings.HasPrefix(text, "-") {
		return fmt.Errorf("%s is negative; write a size such as 64MiB", show(text))
	}
	if sizeSyntax.MatchString(digits) {
		for _, u := range units {
			if lower := strings.ToLower(u.name); unit == lower || u.size >= KiB && unit == lower[:1] {
				return fmt.Errorf("%s has no unit we know; write %s%s", show(text), digits, u.name)
			}
		}
		return fmt.Errorf("%s has no unit we know; the units are KiB, MiB, GiB, KB, MB, GB", show(text))
	}
	return fmt.Errorf("%s is not a size; write a whole number and a unit, such as 64MiB", show(text))
}

// String prints the size in the largest unit that leaves it whole.
func (s Size) String() string {
	for _, u := range units[:3] {
		if s != 0 && s%u.size == 0 {
			return strconv.FormatInt(int64(s/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// outside says why a size is absurd, or "".
func (s *Size) outside(low, high Size) string {
	if s == nil || *s >= low && *s <= high {
		return ""
	}
	hint := ""
	if low >= MiB && *s > 0 && *s < KiB {
		hint = fmt.Sprintf("; a number without a unit is bytes, write %dMiB", *s)
	}
	return fmt.Sprintf("%s is not between %s and %s%s", s, low, high, hint)
}
