package bearcache

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

// unsigned makes a JSON Web Token with these claims; its signature is nobody's.
func unsigned(claims string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(claims)) + ".c2lnbmF0dXJl"
}

// rest is what follows the header of such a token.
func rest(claims string) string {
	token := unsigned(claims)
	return token[strings.IndexByte(token, '.'):]
}

func TestTokenExpiry(t *testing.T) {
	for _, tt := range []struct {
		name, token string
		want        time.Time
	}{
		{"seconds", unsigned(`{"sub":"a","exp":1800000000}`), time.Unix(1800000000, 0)},
		{"a fraction", unsigned(`{"exp":1800000000.5}`), time.UnixMilli(1800000000500)},
		{"an exponent", unsigned(`{"exp":1.8e9}`), time.Unix(1800000000, 0)},
		{"before the epoch", unsigned(`{"exp":-5}`), time.Unix(0, 0)},
		{"absent", unsigned(`{"sub":"a"}`), time.Time{}},
		{"null", unsigned(`{"exp":null}`), time.Unix(0, 0)},
		{"text", unsigned(`{"exp":"1800000000"}`), time.Time{}},
		{"beyond 2106", unsigned(`{"exp":1e300}`), time.Time{}},
		{"another case is another claim", unsigned(`{"exp":1800000000,"EXP":1900000000}`), time.Unix(1800000000, 0)},
		{"an array", unsigned(`[1]`), time.Time{}},
		{"not JSON", unsigned(`{`), time.Time{}},
		{"not base64", "eyJh.!!!.c", time.Time{}},
		{"a header behind a line", "ewogICJhbGciOiJSUzI1NiIKfQ" + rest(`{"exp":1800000000}`), time.Unix(1800000000, 0)},
		{"a header behind a space", "IHsiYWxnIjoiUlMyNTYifQ" + rest(`{"exp":1800000000}`), time.Unix(1800000000, 0)},
		{"claims behind white space", unsigned("\r\n\t {\"exp\":1800000000}"), time.Unix(1800000000, 0)},
		{"claims behind a tab", unsigned("\t{\"exp\":1800000000}"), time.Unix(1800000000, 0)},
		{"claims in the other alphabet", "e30." + base64.StdEncoding.EncodeToString([]byte(`{"exp":1800000000,"x":"~~~???"}`)) + ".c", time.Unix(1800000000, 0)},
		{"behind a prefix", "v1." + unsigned(`{"exp":1800000000}`), time.Unix(1800000000, 0)},
		{"the earlier of two in one word", unsigned(`{"exp":1900000000}`) + unsigned(`{"exp":1800000000}`), time.Unix(1800000000, 0)},
		{"two parts", "eyJh.e30", time.Time{}},
		{"encrypted, in five parts", "eyJh.key.iv.text.tag", time.Time{}},
		{"opaque", "abcdef", time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tokenExpiry(tt.token); !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// What was made for a token is not served past the token's own end, although nobody verified it and
// the origin allowed an hour.
func TestStoredResponseEndsWithItsToken(t *testing.T) {
	end := int64(1800000060)
	for _, tt := range []struct {
		name   string
		fields []string
		until  time.Duration // after which the stored response is dead; zero: it lives its hour
	}{
		{"a token of a minute", []string{"Authorization: Bearer " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"its scheme in another case", []string{"Authorization: bEARER " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"its header behind a line", []string{"Authorization: Bearer ewogICJhbGciOiJSUzI1NiIKfQ" + rest(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"in a cookie, in the other alphabet", []string{"Cookie: at=s%3AewogICJhbGciOiJSUzI1NiIKfQ." + base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"x":"~~~???","exp":%d}`, end))) + ".c2ln"}, time.Minute},
		{"in another credential field", []string{"X-Api-Key: " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"behind another scheme", []string{"Authorization: JWT " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"behind a scheme that names it", []string{"Authorization: Token token=\"" + unsigned(fmt.Sprintf(`{"exp":%d}`, end)) + "\", x=1"}, time.Minute},
		{"behind a scheme, as an API key", []string{"X-Api-Key: Bearer " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"in a cookie", []string{"Cookie: access_token=" + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"in the second of three cookies", []string{"Cookie: lang=de; at=" + unsigned(fmt.Sprintf(`{"exp":%d}`, end)) + "; rt=" + unsigned(fmt.Sprintf(`{"exp":%d}`, end+900))}, time.Minute},
		{"in the last of two cookies", []string{"Cookie: rt=" + unsigned(fmt.Sprintf(`{"exp":%d}`, end+900)) + "; at=" + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"in a cookie that encodes its prefix", []string{"Cookie: at=s%3A" + unsigned(fmt.Sprintf(`{"exp":%d}`, end)) + ".c2ln"}, time.Minute},
		{"padded", []string{"X-Api-Key: eyJhIjoxfQ==." + base64.URLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"exp":%d,"x":0}`, end))) + ".c2ln"}, time.Minute},
		{"a cookie that says nothing", []string{"Cookie: s=eyJhIjoxfQ.x; t=eyJ"}, 0},
		{"the earlier of two", []string{"Authorization: Bearer " + unsigned(fmt.Sprintf(`{"exp":%d}`, end+900)),
			"X-Api-Key: " + unsigned(fmt.Sprintf(`{"exp":%d}`, end))}, time.Minute},
		{"a token that says nothing", []string{"Authorization: Bearer " + unsigned(`{}`)}, 0},
		{"an opaque token", []string{"Authorization: Bearer abc"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Unix(1800000000, 0)
			o := &origin{header: header("Cache-Control: max-age=3600")}
			h := (&Cache{Now: func() time.Time { return now }}).Handler(o)
			calls := func(after time.Duration) int64 {
				now = time.Unix(1800000000, 0).Add(after)
				ask(h, get(tt.fields...))
				return o.calls.Load()
			}
			if n := calls(0); n != 1 {
				t.Fatalf("the origin was asked %d times", n)
			}
			if n := calls(time.Minute - time.Second); n != 1 {
				t.Errorf("one second before the end: the origin was asked %d times", n)
			}
			want := int64(1)
			if tt.until > 0 {
				want = 2
			}
			if n := calls(time.Minute); n != want {
				t.Errorf("at the end: the origin was asked %d times, want %d", n, want)
			}
			// A clock set back revives nothing.
			if n := calls(30 * time.Second); tt.until > 0 && n != 3 {
				t.Errorf("after the clock was set back: the origin was asked %d times, want 3", n)
			}
		})
	}
}

// An origin may still answer an expired token. Its answer is passed on and not kept.
func TestExpiredTokenStoresNothing(t *testing.T) {
	now := time.Unix(1800000000, 0)
	o := &origin{header: header("Cache-Control: max-age=3600")}
	c := &Cache{Now: func() time.Time { return now }}
	h := c.Handler(o)
	resp := ask(h, get("Authorization: Bearer "+unsigned(`{"exp":1799999999}`)))
	if got := resp.Header.Get("Cache-Status"); resp.StatusCode != http.StatusOK || got != "bearcache; fwd=uri-miss; fwd-status=200; detail=expired" {
		t.Errorf("%d, Cache-Status %q", resp.StatusCode, got)
	}
	if s := c.Stats(); s.Records != 0 {
		t.Errorf("%d records were stored", s.Records)
	}
}

// FuzzTokenExpiry writes a token in each alphabet of base64, padded or not, behind any text. Its end is read, and no later one.
func FuzzTokenExpiry(f *testing.F) {
	f.Add("", `{"alg":"RS256"}`, " ", uint32(1800000000), uint8(0))
	f.Add("s%3A", "\n{}", "\r\n", uint32(1), uint8(3))
	f.Add("v1.", "", "", uint32(math.MaxUint32), uint8(1))
	f.Add("lang=de; at=\"", "{", "\t", uint32(0), uint8(2))
	f.Fuzz(func(t *testing.T, before, header, space string, exp uint32, how uint8) {
		if strings.Trim(space, " \t\r\n") != "" {
			return
		}
		coding := []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding}[how%4]
		claims := fmt.Sprintf(`%s{"x":"~~~???","exp":%d}`, space, exp)
		token := coding.EncodeToString([]byte(header)) + "." + coding.EncodeToString([]byte(claims)) + ".c2ln"
		got, end := expiry(http.Header{"Cookie": {before + token}}, []string{"Cookie"}), time.Unix(int64(exp), 0)
		if got.IsZero() || got.After(end) {
			t.Errorf("%q: %v, want %v", before+token, got, end)
		}
	})
}
