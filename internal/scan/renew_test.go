package scan

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/redact"
)

// A token that ends is exchanged for the next, once, however many ask at the time; the next is no more to be seen in a
// report than the first.
func TestRenewal(t *testing.T) {
	t.Parallel()
	const next = "tok-5e77aa01c0ffee-alice-next"
	var renewed atomic.Int64
	cast := people()
	cast[0].Ends = time.Now().Round(0).Add(-time.Second)
	cast[0].Renew = func(context.Context) (redact.Secret, time.Time, error) {
		renewed.Add(1)
		return redact.NewSecret(next), time.Now().Add(time.Hour), nil
	}
	s := &site{users: map[string]string{next: "alice", bobToken: "bob"}, key: byURLKey, origin: func(user string, r *http.Request) answer {
		made := mine(user) // and it repeats the token, for the report to leave out
		made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"sent":%q,`, r.Header.Get("Authorization")), 1)
		return made
	}}
	r := s.survey(t, Options{Identities: cast}, "/x", "/y", "/z")
	if !r.Complete || renewed.Load() != 1 {
		t.Errorf("renewed %d times, complete: %v %s", renewed.Load(), r.Complete, r.Incomplete)
	}
	if len(r.Findings) == 0 || strings.Contains(fmt.Sprintf("%+v", *r), next) {
		t.Errorf("the report holds the next token, or nothing: %s", told(r))
	}
	for _, a := range s.asked {
		if strings.Contains(a.header.Get("Authorization"), aliceToken) {
			t.Error("the token that ended was sent")
			break
		}
	}
}

// Where there is no next token, one that is still good is used to its end; one that ended ends the operation, and the
// report says why, without what the source said of secrets.
func TestRenewalFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		ends     time.Duration
		complete bool
		most     int64 // times that it is tried
	}{
		{"it is good for a while", 20 * time.Second, true, 1},
		{"it ended", -time.Second, false, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tried atomic.Int64
			cast := people()
			cast[0].Ends = time.Now().Round(0).Add(tt.ends)
			cast[0].Renew = func(context.Context) (redact.Secret, time.Time, error) {
				tried.Add(1)
				return redact.Secret{}, time.Time{}, errors.New("the endpoint answered 503 to " + aliceToken)
			}
			s := &site{origin: func(user string, _ *http.Request) answer { return mine(user) }}
			r := s.survey(t, Options{Identities: cast}, "/x", "/y")
			if r.Complete != tt.complete || tried.Load() == 0 || tried.Load() > tt.most {
				t.Errorf("complete: %v %s, tried %d times", r.Complete, r.Incomplete, tried.Load())
			}
			if !tt.complete && !strings.Contains(r.Operations[0].Reason, "alice's token ended, and there is no new one") {
				t.Errorf("it is not said why: %+v", r.Operations)
			}
			if text := fmt.Sprintf("%+v", *r); strings.Contains(text, aliceToken) {
				t.Error("the report holds the token")
			}
		})
	}
}

// Tokens that live shorter than a scan likes are renewed now and then, and not with each request.
func TestShortLivedTokens(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{time.Second, 10 * time.Second, 40 * time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			renewed, good := 0, map[string]bool{}
			cast := people()
			cast[0].Ends = time.Now().Round(0).Add(time.Second)
			cast[0].Renew = func(context.Context) (redact.Secret, time.Time, error) {
				mu.Lock()
				defer mu.Unlock()
				renewed++
				token := fmt.Sprintf("tok-alice-number-%06d", renewed)
				good[token] = true
				return redact.NewSecret(token), time.Now().Add(life), nil
			}
			s := &site{paths: number("/x", 20), origin: func(user string, r *http.Request) answer {
				mu.Lock()
				defer mu.Unlock()
				if good[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
					user = "alice"
				}
				return mine(user)
			}}
			r := surveyAnyhow(t, s, Options{Operations: gets(number("/x", 20)...), Identities: cast})
			if r.Requests < 100 || renewed > 10 {
				t.Errorf("%d requests, renewed %d times", r.Requests, renewed)
			}
		})
	}
}

// Nor does who is locked out for what the scan asked, as an API may do that counts refusals.
func TestLockedOutMeanwhile(t *testing.T) {
	t.Parallel()
	var refusals atomic.Int64
	s := &site{origin: func(user string, r *http.Request) answer {
		if user == "" {
			refusals.Add(1)
			return denial
		}
		if refusals.Load() >= 4 {
			return answer{status: 403, body: `{"error":"too many failures"}`}
		}
		return mine(user)
	}}
	r := s.survey(t, Options{}, "/x", "/y")
	if r.Complete || !strings.Contains(r.Incomplete, "token was accepted when the scan began and is refused now (403 on") {
		t.Errorf("complete: %v %s\n%s", r.Complete, r.Incomplete, told(r))
	}
}

// A token that is refused at the end of a scan makes what came before rest on nothing.
func TestTokenEndsMeanwhile(t *testing.T) {
	t.Parallel()
	s := &site{origin: func(user string, r *http.Request) answer {
		if user == "bob" && strings.Contains(r.RequestURI, "bearcache=") { // which comes after everything else
			return denial
		}
		return mine(user)
	}}
	r := s.survey(t, Options{}, "/x", "/y")
	if r.Complete || !strings.Contains(r.Incomplete, "bob's token was accepted when the scan began and is refused now") {
		t.Errorf("complete: %v %s", r.Complete, r.Incomplete)
	}
	if diff := cmp.Diff([]string{}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
