package scan

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
)

func TestConditionalLeak(t *testing.T) {
	t.Parallel()
	var ticks atomic.Int64
	tagged := func(user string) answer {
		if user == "" {
			return denial
		}
		return mine(user).with("Etag", `"v1-`+user+`"`)
	}
	dated := func(user string) answer {
		if user == "" {
			return denial
		}
		return mine(user).with("Last-Modified", "Sun, 01 Nov 2026 10:00:00 GMT")
	}
	unchanged := answer{status: 304}
	sent := func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/") }
	leak := []string{"GET /x conditional-leak confirmed"}
	toNobody := []string{"medium of alice to nobody", "alice 200", "nobody 304", "nobody 401", "nobody 401", "nobody 304"}
	toBob := []string{"medium of alice to bob", "alice 200", "bob 304", "bob 200", "bob 200", "bob 304"}
	// right compares with what this reader would be given.
	right := func(made answer, r *http.Request) answer {
		if made.status == 200 && sent(r) != "" && sent(r) == strings.TrimPrefix(made.fields["Etag"], "W/") {
			return unchanged.with("Etag", made.fields["Etag"])
		}
		return made
	}
	for _, tt := range []struct {
		name   string
		origin func(user string, r *http.Request) answer
		want   []string
		steps  []string
	}{
		{"the condition is looked at before the token", func(user string, r *http.Request) answer {
			if sent(r) == `"v1-alice"` || sent(r) == `"v1-bob"` {
				return unchanged
			}
			return tagged(user)
		}, leak, toBob},
		{"by who shows no token only", func(user string, r *http.Request) answer {
			if user == "" && sent(r) == `"v1-alice"` {
				return unchanged
			}
			return right(tagged(user), r)
		}, leak, toNobody},
		{"the tag of any reader is good for all of them", func(user string, r *http.Request) answer {
			if user != "" && strings.HasPrefix(sent(r), `"v1-`) {
				return unchanged
			}
			return tagged(user)
		}, leak, toBob},
		{"a date, looked at before the token", func(user string, r *http.Request) answer {
			if r.Header.Get("If-Modified-Since") == "Sun, 01 Nov 2026 10:00:00 GMT" {
				return unchanged
			}
			return dated(user)
		}, leak, toNobody},
		{"the tag is that of the release, and the answer that of the reader", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return right(mine(user).with("Etag", `"release-7"`), r)
		}, leak, toBob},
		{"and weak", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return right(mine(user).with("Etag", `W/"release-7"`), r)
		}, leak, toBob},

		{"a tag for each reader", func(user string, r *http.Request) answer { return right(tagged(user), r) }, []string{}, nil},
		{"a date, for those who may read", func(user string, r *http.Request) answer {
			if user != "" && r.Header.Get("If-Modified-Since") != "" {
				return unchanged
			}
			return dated(user)
		}, []string{}, nil},
		{"one weak tag of what is the same for all readers", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return right(ok(`{"rates":[1.5,2.25]}`).with("Etag", `W/"rates-1"`), r)
		}, []string{}, nil},
		{"one tag of what is the same for everybody", func(_ string, r *http.Request) answer {
			return right(ok(`{"rates":[1.5,2.25]}`).with("Etag", `"rates-1"`), r)
		}, []string{}, nil},
		{"one tag of what is the same but for a number of the request", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return right(ok(fmt.Sprintf(`{"rates":[1.5,2.25],"request":"r-%012d"}`, ticks.Add(1))).with("Etag", `W/"rates-1"`), r)
		}, []string{}, nil},
		{"whoever sends any tag is told that nothing changed", func(user string, r *http.Request) answer {
			if sent(r) != "" {
				return unchanged
			}
			return tagged(user)
		}, []string{}, nil},
		{"another tag with each answer", func(user string, r *http.Request) answer {
			if user == "" {
				return denial
			}
			return right(mine(user).with("Etag", fmt.Sprintf(`"t-%d"`, ticks.Add(1))), r)
		}, []string{}, nil},
		{"tags that are not compared", func(user string, r *http.Request) answer { return tagged(user) }, []string{}, nil},
		{"conditions are an error", func(user string, r *http.Request) answer {
			if sent(r) != "" {
				return answer{status: 412, body: `{"error":"precondition failed"}`}
			}
			return tagged(user)
		}, []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site{origin: tt.origin}
			r := s.survey(t, Options{}, "/x")
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.ConditionalLeak)); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// A cache in the way answers conditions from what it stored, whoever asks: a leak by itself, which its own check
// reports; the 304 that nobody is told is one more.
func TestConditionalBehindACache(t *testing.T) {
	t.Parallel()
	s := &site{
		origin: func(user string, _ *http.Request) answer { return mine(user).with("Etag", `"v1-`+user+`"`) },
		key:    byURLKey,
		before: func(r *http.Request, kept answer) answer {
			if r.Header.Get("If-None-Match") == kept.fields["Etag"] {
				return answer{status: 304}
			}
			return kept
		},
	}
	r := s.survey(t, Options{}, "/x")
	want := []string{"GET /x anonymous-reuse confirmed", "GET /x cross-identity-reuse confirmed", "GET /x invalid-token-reuse confirmed"}
	if diff := cmp.Diff(want, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A tag of 64 KiB is not sent back: no server would take it.
func TestHugeValidators(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(user string, _ *http.Request) answer {
		if user == "" {
			return denial
		}
		return mine(user).with("Etag", `"`+strings.Repeat("x", 64<<10)+`"`).with("Last-Modified", strings.Repeat("Sun, ", 10<<10))
	}}
	r := s.survey(t, Options{}, "/x")
	if diff := cmp.Diff([]string{}, brief(r)); diff != "" || !r.Complete {
		t.Errorf("(-want +got):\n%s\n%s", diff, r.Incomplete)
	}
	for _, a := range s.asked {
		if n := len(a.header.Get("If-None-Match")) + len(a.header.Get("If-Modified-Since")); n > 2<<10 {
			t.Errorf("%s was asked with validators of %d bytes", a.uri, n)
		}
	}
}

// Who is refused now and then, and answered otherwise, is told 304 by right.
func TestRefusedNowAndThen(t *testing.T) {
	t.Parallel()
	said := 0
	for range scansOf(200) {
		s := &site{paths: []string{"/x"}, origin: func(user string, r *http.Request) answer {
			tag := `"v1-` + user + `"`
			switch {
			case user == "" && rand.IntN(5) < 2:
				return denial
			case user == "":
				tag = `"v1-alice"`
			}
			if r.Header.Get("If-None-Match") == tag {
				return answer{status: 304}
			}
			if user == "" {
				return ok(`{"teaser":true}`).with("Etag", tag)
			}
			return mine(user).with("Etag", tag)
		}}
		r := s.survey(t, Options{}, "/x")
		if slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Rule == finding.ConditionalLeak }) {
			said++
		}
	}
	if said > 4 {
		t.Errorf("%d of 200", said)
	}
}
