package bearer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counting answers as it is told, and counts.
type counting struct {
	mu     sync.Mutex
	asked  map[string]int
	answer func(ctx context.Context, token string) (*Claims, error)
}

func (v *counting) Verify(ctx context.Context, token string) (*Claims, error) {
	v.mu.Lock()
	if v.asked == nil {
		v.asked = map[string]int{}
	}
	v.asked[token]++
	v.mu.Unlock()
	return v.answer(ctx, token)
}

func (v *counting) of(token string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked[token]
}

func TestRemembering(t *testing.T) {
	clock := &testClock{t: noon}
	claims := map[string]*Claims{}
	inner := &counting{answer: func(_ context.Context, token string) (*Claims, error) {
		switch {
		case claims[token] != nil:
			return claims[token], nil
		case token == "down":
			return nil, fmt.Errorf("%w: down", ErrUnavailable)
		case token == "neither":
			return nil, nil
		}
		return nil, badToken("the token is bad")
	}}
	m := &Remembering{Verifier: inner, Lifetime: time.Minute, Negative: 5 * time.Second, Now: clock.now}
	step := func(name, token, want string, asked int) {
		t.Helper()
		if got := outcome(m, token); got != want || inner.of(token) != asked {
			t.Errorf("%s: %s after %d calls, want %s after %d", name, got, inner.of(token), want, asked)
		}
	}
	claims["long"] = &Claims{Subject: "alice", Audience: []string{"a"}, Expires: noon.Add(time.Hour)}
	claims["short"] = &Claims{Expires: noon.Add(10 * time.Second)}
	claims["endless"] = &Claims{}
	claims["far"] = &Claims{Expires: time.Unix(lastDate, 0)}
	claims["later"] = &Claims{Expires: noon.Add(time.Hour), NotBefore: noon.Add(10 * time.Second)}
	claims["over"] = &Claims{Expires: noon} // good by somebody's leeway
	for range 3 {
		step("good", "long", "good", 1)
		step("short", "short", "good", 1)
		step("without an end", "endless", "good", 1)
		step("with an end after what nanoseconds can say", "far", "good", 1)
		step("bad", "bad", "bad", 1)
		step("another bad one", "worse", "bad", 1)
	}
	for n := range 3 {
		step("cannot be told", "down", "unavailable", n+1)
		step("valid by leeway before nbf", "later", "good", n+1)
		step("valid by leeway after exp", "over", "good", n+1)
	}
	if _, err := m.Verify(t.Context(), "neither"); err == nil {
		t.Error("neither claims nor an error passed")
	}

	// What one reader does to its claims no other sees.
	c, err := m.Verify(t.Context(), "long")
	if err != nil {
		t.Fatal(err)
	}
	c.Subject, c.Audience[0] = "bob", "b"
	if c, _ := m.Verify(t.Context(), "long"); c.Subject != "alice" || c.Audience[0] != "a" || claims["long"].Subject != "alice" {
		t.Errorf("%+v", c)
	}
	refusal := refused(t, m, "bad")
	refusal.Description = "changed"
	if refused(t, m, "bad").Description == "changed" {
		t.Error("the remembered error is shared")
	}

	clock.forward(5*time.Second - 1)
	step("bad, still", "bad", "bad", 1)
	clock.forward(1)
	step("bad, asked again, for no hit prolongs it", "bad", "bad", 2)
	clock.forward(5*time.Second - 1)
	step("until exp", "short", "good", 1)
	clock.forward(1)
	delete(claims, "short")
	step("at exp", "short", "bad", 2)
	step("from nbf on it is a hit", "later", "good", 3)
	clock.forward(50*time.Second - 1)
	step("until Lifetime", "long", "good", 1)
	clock.forward(1)
	step("at Lifetime", "long", "good", 2)
	step("at Lifetime, without an end", "endless", "good", 2)

	// A clock that is set back revives nothing.
	delete(claims, "endless")
	clock.forward(2 * time.Minute)
	step("long ago", "long", "good", 3)
	clock.forward(-2*time.Minute - 30*time.Second)
	step("set back", "endless", "bad", 3)

	// What was good before its time and then is bad does not become good when its time comes.
	claims["too soon"] = &Claims{NotBefore: clock.now().Add(7 * time.Minute)}
	m.Lifetime = time.Hour
	step("good by leeway", "too soon", "good", 1)
	delete(claims, "too soon")
	step("bad before its time", "too soon", "bad", 2)
	clock.forward(8 * time.Minute)
	step("bad in its time", "too soon", "bad", 3)
	m.Lifetime = time.Minute

	// What was good and turns out bad is bad for as long as that is remembered.
	claims["turns"] = &Claims{}
	step("good at first", "turns", "good", 1)
	delete(claims, "turns")
	clock.forward(10 * time.Minute)
	step("bad then", "turns", "bad", 2)
	step("bad still", "turns", "bad", 2)
}

// However long bad tokens are remembered, one that becomes good is good when it does.
func TestWhatDoesNotLast(t *testing.T) {
	s := theSigners()
	h := newServer(t, text(jwks(jwk("p256", s.p256, ""))))
	keys, clock, _ := remote(t, h.URL)
	v := s.verifier()
	v.Keys, v.Now = keys, clock.now
	m := &Remembering{Verifier: v, Negative: time.Hour, Now: clock.now}
	long := `"exp":` + fmt.Sprint(noon.Unix()+7200)
	newer := signed("ES384", s.p384, `{"alg":"ES384","kid":"p384"}`, claims(long))
	other := signed("ES256", s.rogue, goodHeader, claims(long))
	expect(t, m, s.good(), "good")
	clock.forward(unknownEvery)

	// Asked for just before it was published: the next time that keys may be fetched it is good. Asking makes no request.
	expect(t, m, newer, "bad")
	h.answer(text(jwks(jwk("p256", s.p256, ""), jwk("p384", s.p384, ""))))
	asked := h.asked.Load()
	for range 15 {
		expect(t, m, newer, "bad")
		clock.forward(time.Second)
	}
	if n := h.asked.Load() - asked; n != 0 {
		t.Errorf("%d requests", n)
	}
	expect(t, m, newer, "good")

	// The same under the name of another: a wrong signature is remembered for five seconds.
	expect(t, m, other, "bad")
	h.answer(text(jwks(jwk("p256", s.rogue, ""))))
	clock.forward(unknownEvery - 1)
	expect(t, m, other, "bad")
	clock.forward(wrongLasts - 1)
	expect(t, m, other, "bad")
	clock.forward(1)
	expect(t, m, other, "good")

	// What is not valid yet is so from its time on, and remembered until then. Leeway is 30 s.
	counted := &counting{answer: v.Verify}
	m = &Remembering{Verifier: counted, Negative: time.Hour, Now: clock.now}
	for name, claim := range map[string]string{"nbf": `"nbf":`, "iat": `"iat":`} {
		start := clock.now()
		token := signed("ES256", s.rogue, goodHeader, claims(long, claim+fmt.Sprint(start.Unix()+60)))
		due := time.Unix(start.Unix()+60, 0).Add(-zeroLeeway)
		expect(t, m, token, "bad")
		clock.forward(due.Sub(start) - 1)
		expect(t, m, token, "bad")
		if n := counted.of(token); n != 1 {
			t.Errorf("%s: verified %d times before its time", name, n)
		}
		clock.forward(1)
		expect(t, m, token, "good")
	}
}

// Whatever number of made-up tokens comes, the good ones stay.
func TestGarbageEvictsNothingGood(t *testing.T) {
	inner := &counting{answer: func(_ context.Context, token string) (*Claims, error) {
		if strings.HasPrefix(token, "good") {
			return &Claims{}, nil
		}
		return nil, badToken("no")
	}}
	m := &Remembering{Verifier: inner, Size: 50, NegativeSize: 50, Lifetime: time.Hour, Negative: time.Hour, Now: atNoon}
	for i := range 20 {
		outcome(m, fmt.Sprint("good ", i))
	}
	for i := range 5000 {
		outcome(m, fmt.Sprint("garbage ", i))
	}
	for i := range 20 {
		expect(t, m, fmt.Sprint("good ", i), "good")
		if n := inner.of(fmt.Sprint("good ", i)); n != 1 {
			t.Errorf("good %d was asked for %d times", i, n)
		}
	}
	m.bad.CleanUp()
	if n := m.bad.EstimatedSize(); n > 50 {
		t.Errorf("%d bad ones are remembered", n)
	}
	for i := range 5000 {
		outcome(m, fmt.Sprint("good ", i))
	}
	m.good.CleanUp()
	if n := m.good.EstimatedSize(); n > 50 {
		t.Errorf("%d good ones are remembered", n)
	}
}

// Many requests with one new token have it verified once; each is answered for its own token.
func TestRememberingShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		inner := &counting{answer: func(_ context.Context, token string) (*Claims, error) {
			<-proceed
			if token == "bad" {
				return nil, badToken("no")
			}
			if token == "panics" {
				panic("of a Verifier")
			}
			return &Claims{Subject: token}, nil
		}}
		m := &Remembering{Verifier: inner}
		var wg sync.WaitGroup
		for range 20 {
			for _, token := range []string{"a", "b", "bad"} {
				wg.Go(func() {
					c, err := m.Verify(t.Context(), token)
					if token == "bad" && err == nil || token != "bad" && (err != nil || c.Subject != token) {
						t.Errorf("%s: %+v, %v", token, c, err)
					}
				})
			}
		}
		for range 3 {
			wg.Go(func() {
				defer func() {
					if recover() == nil {
						t.Error("a panic was swallowed")
					}
				}()
				m.Verify(t.Context(), "panics")
			})
		}
		synctest.Wait()
		close(proceed)
		wg.Wait()
		if inner.of("a") != 1 || inner.of("b") != 1 || inner.of("bad") != 1 || inner.of("panics") != 3 {
			t.Errorf("asked %v", inner.asked)
		}
	})
}

// A verdict is as old as the question: an answer that took long is not remembered longer for it.
func TestRememberedFromTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &counting{answer: func(context.Context, string) (*Claims, error) {
			time.Sleep(40 * time.Second)
			return &Claims{}, nil
		}}
		m := &Remembering{Verifier: inner}
		expect(t, m, "t", "good")
		time.Sleep(19 * time.Second)
		expect(t, m, "t", "good")
		if inner.of("t") != 1 {
			t.Error("it was not remembered")
		}
		time.Sleep(time.Second)
		expect(t, m, "t", "good")
		if inner.of("t") != 2 {
			t.Error("it was remembered for longer")
		}
	})
}

func TestRememberingNothing(t *testing.T) {
	_, err := new(Remembering).Verify(t.Context(), "t")
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("%v", err)
	}
}

func TestDigester(t *testing.T) {
	var one, other digester
	if again := one.of("a"); one.of("a") != again || again == one.of("b") || one.of("") == one.of("a") {
		t.Error("digests do not tell tokens apart")
	}
	if one.of("a") == other.of("a") {
		t.Error("digests are not keyed")
	}
}

// remembered is a Remembering of one RS256 token of usual size.
func remembered(b testing.TB) (*Remembering, string) {
	s := theSigners()
	token := signed("RS256", s.rsa, `{"alg":"RS256","kid":"rsa","typ":"at+jwt"}`, claims(`"scope":"read write"`, `"roles":["a","b","c"]`))
	m := &Remembering{Verifier: s.verifier(), Now: atNoon, Negative: time.Hour}
	if _, err := m.Verify(b.Context(), token); err != nil {
		b.Fatal(err)
	}
	return m, token
}

func BenchmarkRemembered(b *testing.B) {
	m, token := remembered(b)
	b.SetBytes(int64(len(token)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRememberedParallel(b *testing.B) {
	m, token := remembered(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := m.Verify(context.Background(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkKnownGarbage(b *testing.B) {
	m, token := remembered(b)
	token = token[:len(token)-4] + "AAAA"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Verify(b.Context(), token); err == nil {
			b.Fatal("good")
		}
	}
}

func benchmarkVerify(b *testing.B, token string) {
	v := theSigners().verifier()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyRS256(b *testing.B) {
	benchmarkVerify(b, signed("RS256", theSigners().rsa, `{"alg":"RS256","kid":"rsa"}`, claims()))
}

func BenchmarkVerifyES256(b *testing.B) {
	benchmarkVerify(b, signed("ES256", theSigners().p256, `{"alg":"ES256","kid":"p256"}`, claims()))
}

func BenchmarkVerifyEdDSA(b *testing.B) {
	benchmarkVerify(b, signed("EdDSA", theSigners().ed, `{"alg":"EdDSA","kid":"ed"}`, claims()))
}
