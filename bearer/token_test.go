package bearer

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func request(fields ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if len(fields) > 0 {
		r.Header["Authorization"] = fields
	}
	return r
}

func TestToken(t *testing.T) {
	longest := strings.Repeat("a", DefaultMaxLength)
	none, other := "none", "other"
	for _, test := range []struct {
		name   string
		fields []string
		want   string // the token, an error code, or none or other
	}{
		{"RFC 6750 §2.1's example", []string{"Bearer mF_9.B5f-4.1JqM"}, "mF_9.B5f-4.1JqM"},
		{"the scheme is case-insensitive (RFC 9110 §11.1)", []string{"bEaReR abc"}, "abc"},
		{"every character of b64token", []string{"Bearer AZaz09-._~+/=="}, "AZaz09-._~+/=="},
		{"one character is a token", []string{"Bearer a"}, "a"},
		{"whitespace around a field value is not part of it (RFC 9110 §5.5)", []string{" \tBearer abc \t"}, "abc"},
		{"a token of the longest length", []string{"Bearer " + longest}, longest},
		{"a token that is called Bearer", []string{"Bearer Bearer"}, "Bearer"},

		{"no field", nil, none},
		{"another scheme", []string{"Basic YWxpY2U6c2VjcmV0"}, other},
		{"another scheme with parameters", []string{`Digest username="bearer x", response="Bearer"`}, other},
		{"a scheme that begins with Bearer", []string{"BearerX abc"}, other},
		{"a scheme alone", []string{"Negotiate"}, other},

		{"an empty field", []string{""}, InvalidRequest},
		{"a blank field", []string{" \t "}, InvalidRequest},
		{"no token", []string{"Bearer"}, InvalidRequest},
		{"no token but a space", []string{"Bearer "}, InvalidRequest},
		{"two spaces", []string{"Bearer  abc"}, InvalidRequest},
		{"a tab", []string{"Bearer\tabc"}, InvalidRequest},
		{"a space and a tab", []string{"Bearer \tabc"}, InvalidRequest},
		{"two fields", []string{"Bearer abc", "Bearer def"}, InvalidRequest},
		{"two equal fields", []string{"Bearer abc", "Bearer abc"}, InvalidRequest},
		{"two fields, the first of another scheme", []string{"Basic YQ==", "Bearer abc"}, InvalidRequest},
		{"comma-joined", []string{"Bearer abc, Bearer def"}, InvalidRequest},
		{"comma-joined without a space", []string{"Bearer abc,Bearer def"}, InvalidRequest},
		{"comma after the scheme", []string{"Bearer,abc"}, InvalidRequest},
		{"behind another scheme", []string{"Basic YQ==, bearer abc"}, InvalidRequest},
		{"behind two others", []string{"A b, C d,\tBEARER\tabc"}, InvalidRequest},
		{"doubled", []string{"Bearer Bearer abc"}, InvalidRequest},
		{"two tokens", []string{"Bearer abc def"}, InvalidRequest},
		{"a NUL", []string{"Bearer a\x00b"}, InvalidRequest},
		{"a line break", []string{"Bearer abc\r\nX: y"}, InvalidRequest},
		{"a DEL in another scheme", []string{"Basic a\x7f"}, InvalidRequest},

		{"a character outside b64token", []string{"Bearer abc!"}, InvalidToken},
		{"the scheme in small letters before it", []string{"bearer abc!"}, InvalidToken},
		{"a quoted token", []string{`Bearer "abc"`}, InvalidToken},
		{"letters beyond ASCII", []string{"Bearer abç"}, InvalidToken},
		{"padding inside", []string{"Bearer a=b"}, InvalidToken},
		{"padding alone", []string{"Bearer =="}, InvalidToken},
		{"parameters in the place of a token", []string{`Bearer token="abc"`}, InvalidToken},
		{"one byte too long", []string{"Bearer a" + longest}, InvalidToken},
		{"a megabyte", []string{"Bearer " + strings.Repeat(".", 1<<20)}, InvalidToken},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Token(request(test.fields...))
			var e *Error
			if errors.As(err, &e) {
				wantStatus := http.StatusUnauthorized
				if e.Code == InvalidRequest {
					wantStatus = http.StatusBadRequest
				}
				if e.Status != wantStatus || e.Description == "" {
					t.Errorf("error %+v", e)
				}
				got = e.Code
			} else if err != nil {
				t.Fatalf("%T is no *Error", err)
			}
			switch {
			case errors.Is(err, ErrNoCredentials):
				got = none
			case errors.Is(err, ErrOtherScheme):
				got = other
			}
			if got != test.want {
				t.Errorf("got %.60q, want %.60q", got, test.want)
			}
		})
	}
}

func TestMaxLength(t *testing.T) {
	s := Syntax{MaxLength: 3}
	if token, err := s.Token(request("Bearer abc")); token != "abc" || err != nil {
		t.Errorf("%q, %v", token, err)
	}
	if _, err := s.Token(request("Bearer abcd")); err == nil {
		t.Error("a token over the length passed")
	}
}

func TestErrorsHoldNoToken(t *testing.T) {
	for _, field := range []string{"Bearer hunter!", "Bearer hunter, Bearer hunter", "Bearer  hunter", "Bearer hunter\x01"} {
		w := httptest.NewRecorder()
		_, err := Token(request(field))
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%q passed", field)
		}
		e.Write(w, "api")
		if strings.Contains(err.Error()+w.Body.String()+w.Header().Get("Www-Authenticate"), "hunter") {
			t.Errorf("%q is repeated: %v %s", field, err, w.Body)
		}
	}
}

func TestTokenDoesNotAllocate(t *testing.T) {
	r := request("Bearer " + strings.Repeat("a", 800))
	if n := testing.AllocsPerRun(100, func() { Token(r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzToken holds Token against the grammar, written once more as an expression.
func FuzzToken(f *testing.F) {
	for _, field := range []string{"Bearer abc", "bearer a=", "Bearer  a", "Basic a, Bearer b", "Bearer\ta", "Bearer a\x00", "", "Bearer é"} {
		f.Add(field)
	}
	grammar := regexp.MustCompile(`^[ \t]*(?i:bearer) ([A-Za-z0-9\-._~+/]+=*)[ \t]*$`)
	f.Fuzz(func(t *testing.T, field string) {
		token, err := Token(request(field))
		m := grammar.FindStringSubmatch(field)
		if m != nil && len(m[1]) > DefaultMaxLength {
			m = nil
		}
		switch {
		case m == nil && err == nil:
			t.Fatalf("%q gives the token %q", field, token)
		case m != nil && (err != nil || token != m[1]):
			t.Fatalf("%q gives %q, %v", field, token, err)
		case err != nil && token != "":
			t.Fatalf("%q gives %q and %v", field, token, err)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	r := request("Bearer " + strings.Repeat("a", 800))
	b.ReportAllocs()
	for b.Loop() {
		Token(r)
	}
}
