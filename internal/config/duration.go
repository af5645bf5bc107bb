package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// Duration is a time span, written as whole numbers with their units: 30s, 5m, 1h30m, 250ms. A
// number alone is refused: seconds here and milliseconds there is how lifetimes grow a thousandfold.
type Duration time.Duration

var durationSyntax = regexp.MustCompile(`^([0-9]+(ms|s|m|h))+$`)

func (Duration) shape() shape {
	return shape{want: "a duration such as 30s", schema: jsonschema.Schema{
		Type: "string", Pattern: durationSyntax.String(), Examples: []any{"30s", "5m", "1h30m"},
	}}
}

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(b []byte) error {
	text := string(b)
	if !durationSyntax.MatchString(text) {
		return durationProblem(text)
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%s is longer than any wait; write a duration such as 30s", show(text))
	}
	*d = Duration(span)
	return nil
}

func durationProblem(text string) error {
	if strings.HasPrefix(text, "-") {
		return fmt.Errorf("%s is negative; write a duration such as 30s", show(text))
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseUint(digits, 10, 16)
	switch unit := strings.TrimSpace(text[len(digits):]); {
	case err != nil:
		return fmt.Errorf("%s is not a duration; write whole numbers and units, such as 30s, 5m or 1h30m", show(text))
	case unit == "":
		return fmt.Errorf("%s has no unit; write %ds", show(text), n)
	case unit == "d" || unit == "day" || unit == "days":
		return fmt.Errorf("%s has no unit we know; write %dh", show(text), 24*n)
	case unit == "s" || unit == "m" || unit == "h" || unit == "ms":
		return fmt.Errorf("%s has a space in it; write %d%s", show(text), n, unit)
	}
	return fmt.Errorf("%s has no unit we know; the units are ms, s, m, h", show(text))
}

// String prints the duration as the file has it: 1h30m.
func (d Duration) String() string {
	if d <= 0 {
		return time.Duration(d).String()
	}
	var b strings.Builder
	for _, u := range []struct {
		name string
		span Duration
	}{{"h", Duration(time.Hour)}, {"m", Duration(time.Minute)}, {"s", Duration(time.Second)}, {"ms", Duration(time.Millisecond)}} {
		if n := d / u.span; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d %= u.span
		}
	}
	return b.String()
}

// outside says why a duration is absurd, or "".
func (d *Duration) outside(low, high Duration) string {
	if d == nil || *d >= low && *d <= high {
		return ""
	}
	return fmt.Sprintf("%s is not between %s and %s", d, low, high)
}
