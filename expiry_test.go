package bearcache

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// unsigned makes a JSON Web Token with these claims; its signature is nobody's.
func unsigned(claims string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(claims)) + ".c2lnbmF0dXJl"
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
