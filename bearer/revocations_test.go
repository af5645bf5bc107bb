package bearer

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func hour(r Revocation) Revocation {
	r.Until = noon.Add(time.Hour)
	return r
}

func add(t *testing.T, s *Revocations, list ...Revocation) {
	t.Helper()
	for _, r := range list {
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRevoked(t *testing.T) {
	digest, other := TokenDigest(nil, "one"), TokenDigest(nil, "other")
	s := &Revocations{Now: atNoon}
	add(t, s,
		hour(Revocation{Digest: digest}),
		hour(Revocation{Issuer: "i", ID: "7"}),
		hour(Revocation{ID: "of nobody"}),
		hour(Revocation{Issuer: "i", Subject: "alice", At: noon}),
		hour(Revocation{Issuer: "i", Subject: "robot", At: noon}))
	const after = 6 * time.Second
	for _, test := range []struct {
		name   string
		claims Claims
		digest [32]byte
		want   bool
	}{
		{"nothing of it", Claims{Issuer: "i", Subject: "bob", ID: "8"}, other, false},
		{"by digest, whatever the claims", Claims{}, digest, true},
		{"no digest", Claims{}, [32]byte{}, false},
		{"by ID", Claims{Issuer: "i", ID: "7"}, other, true},
		{"by ID without a digest", Claims{Issuer: "i", ID: "7"}, [32]byte{}, true},
		{"the ID of another issuer", Claims{Issuer: "j", ID: "7"}, other, false},
		{"the ID without an issuer", Claims{ID: "7"}, other, false},
		{"an ID that is a subject", Claims{Issuer: "i", ID: "alice"}, other, false},
		{"a subject that is an ID", Claims{Issuer: "i", Subject: "7"}, other, false},
		{"by ID where nobody knows the issuer", Claims{ID: "of nobody"}, other, true},
		{"by subject, issued before", Claims{Issuer: "i", Subject: "alice", IssuedAt: noon.Add(-time.Second)}, other, true},
		{"by subject, issued in that second", Claims{Issuer: "i", Subject: "alice", IssuedAt: noon}, other, true},
		{"by subject, issued within the leeway", Claims{Issuer: "i", Subject: "alice", IssuedAt: noon.Add(5 * time.Second)}, other, true},
		{"by subject, issued after", Claims{Issuer: "i", Subject: "alice", IssuedAt: noon.Add(after)}, other, false},
		{"by subject, issued who knows when", Claims{Issuer: "i", Subject: "alice"}, other, true},
		{"a client without a subject", Claims{Issuer: "i", ClientID: "robot", IssuedAt: noon}, other, true},
		{"a client without a subject, issued after", Claims{Issuer: "i", ClientID: "robot", IssuedAt: noon.Add(after)}, other, false},
		{"another client without a subject", Claims{Issuer: "i", ClientID: "app"}, other, false},
		{"another subject, by that client", Claims{Issuer: "i", Subject: "bob", ClientID: "robot", IssuedAt: noon}, other, false},
		{"the subject of another issuer", Claims{Issuer: "j", Subject: "alice"}, other, false},
		{"issued after, and by ID", Claims{Issuer: "i", Subject: "alice", ID: "7", IssuedAt: noon.Add(after)}, other, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := s.Revoked(&test.claims, test.digest); got != test.want {
				t.Errorf("%v", got)
			}
		})
	}
	if new(Revocations).Revoked(&Claims{Subject: "alice", ID: "7"}, digest) {
		t.Error("revoked by nobody")
	}
}

func TestRevocationsEnd(t *testing.T) {
	clock := &testClock{t: noon}
	s := &Revocations{Max: 2, Now: clock.now}
	seven := &Claims{Issuer: "i", ID: "7"}
	add(t, s, Revocation{Issuer: "i", ID: "7", Until: noon.Add(10 * time.Second)}, Revocation{Issuer: "i", ID: "8", Until: noon.Add(20 * time.Second)})
	if err := s.Add(hour(Revocation{ID: "9"})); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	// What is there can be added again, and the wider of the two stays.
	add(t, s, Revocation{Issuer: "i", ID: "7", Until: noon.Add(5 * time.Second)})
	clock.forward(10*time.Second - 1)
	if !s.Revoked(seven, [32]byte{}) {
		t.Error("forgotten before its time")
	}
	if err := s.Add(hour(Revocation{ID: "9"})); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	clock.forward(1)
	if s.Revoked(seven, [32]byte{}) {
		t.Error("revoked for ever")
	}
	add(t, s, hour(Revocation{ID: "9"}))
	if s.Len() != 2 || !s.Revoked(&Claims{Issuer: "i", ID: "8"}, [32]byte{}) || !s.Revoked(&Claims{ID: "9"}, [32]byte{}) {
		t.Errorf("%d are left", s.Len())
	}
	add(t, s, Revocation{ID: "over", Until: noon}) // needs no room
	if s.Len() != 2 {
		t.Errorf("%d are left", s.Len())
	}
	clock.forward(2 * time.Hour)
	for r := range s.All() {
		t.Errorf("still there: %+v", r)
	}
}

// A later revocation of a subject takes in what was issued since; an earlier one that comes late takes nothing back.
func TestRevocationsMerge(t *testing.T) {
	early, late := hour(Revocation{Subject: "alice", At: noon}), Revocation{Subject: "alice", At: noon.Add(time.Minute), Until: noon.Add(time.Minute)}
	for _, order := range [][]Revocation{{early, late}, {late, early}, {early, late, early, late}} {
		clock := &testClock{t: noon}
		s := &Revocations{Now: clock.now}
		add(t, s, order...)
		for _, after := range []time.Duration{0, 59 * time.Minute} {
			clock.mu.Lock()
			clock.t = noon.Add(after)
			clock.mu.Unlock()
			if !s.Revoked(&Claims{Subject: "alice", IssuedAt: noon.Add(65 * time.Second)}, [32]byte{}) || s.Revoked(&Claims{Subject: "alice", IssuedAt: noon.Add(66 * time.Second)}, [32]byte{}) {
				t.Errorf("after %v of %v", after, order)
			}
		}
		if s.Len() != 1 {
			t.Errorf("%d of one", s.Len())
		}
	}
}

func TestRevocationsLeeway(t *testing.T) {
	for leeway, until := range map[time.Duration]time.Duration{-1: 0, 0: 5 * time.Second, time.Second: time.Second, time.Minute: time.Minute} {
		s := &Revocations{Now: atNoon, Leeway: leeway}
		add(t, s, hour(Revocation{Subject: "alice", At: noon}))
		if !s.Revoked(&Claims{Subject: "alice", IssuedAt: noon.Add(until)}, [32]byte{}) || s.Revoked(&Claims{Subject: "alice", IssuedAt: noon.Add(until + 1)}, [32]byte{}) {
			t.Errorf("leeway %v does not end at %v", leeway, until)
		}
	}
}

// What holds is the later of two ends, and of two beginnings, whichever revocation says it, and an operator is to be told.
func TestRevocationsCurrent(t *testing.T) {
	clock := &testClock{t: noon}
	s := &Revocations{Now: clock.now}
	short := Revocation{ID: "7", Until: noon.Add(time.Minute)}
	if r, ok := s.Current(short); ok || r != (Revocation{}) {
		t.Errorf("before it was added: %v", r)
	}
	add(t, s, hour(Revocation{ID: "7"}), short, hour(Revocation{Subject: "alice", At: noon}), hour(Revocation{Digest: [32]byte{1}}))
	for _, r := range []Revocation{short, {Subject: "alice"}, {Digest: [32]byte{1}}} {
		if current, ok := s.Current(r); !ok || !current.Until.Equal(noon.Add(time.Hour)) || current.of() != r.of() {
			t.Errorf("%+v: %v, %v", r, current, ok)
		}
	}
	add(t, s, Revocation{Subject: "alice", At: noon.Add(time.Second), Until: noon.Add(time.Minute)})
	if r, _ := s.Current(Revocation{Subject: "alice"}); !r.At.Equal(noon.Add(time.Second)) || !r.Until.Equal(noon.Add(time.Hour)) {
		t.Errorf("of two: %v", r)
	}
	for _, r := range []Revocation{{}, {ID: "8"}, {Issuer: "i", ID: "7"}, {ID: "alice"}} {
		if current, ok := s.Current(r); ok {
			t.Errorf("%+v: %v", r, current)
		}
	}
	clock.forward(time.Hour)
	if r, ok := s.Current(short); ok || r != (Revocation{}) {
		t.Errorf("after its end: %v", r)
	}
}

func TestRevocationIsRefused(t *testing.T) {
	long := strings.Repeat("x", maxRevocationText+1)
	for name, r := range map[string]Revocation{
		"of nothing":              hour(Revocation{}),
		"of an issuer":            hour(Revocation{Issuer: "i"}),
		"of two things":           hour(Revocation{ID: "7", Subject: "alice", At: noon}),
		"of a digest and an ID":   hour(Revocation{Digest: [32]byte{1}, ID: "7"}),
		"of a digest and issuer":  hour(Revocation{Digest: [32]byte{1}, Issuer: "i"}),
		"of a subject, no time":   hour(Revocation{Subject: "alice"}),
		"of an ID, with a time":   hour(Revocation{ID: "7", At: noon}),
		"of a long ID":            hour(Revocation{ID: long}),
		"of a long subject":       hour(Revocation{Subject: long, At: noon}),
		"of a long issuer":        hour(Revocation{Issuer: long, ID: "7"}),
		"for no time":             {ID: "7"},
		"for ever":                {ID: "7", Until: time.Unix(maxRevocationTime, 0)},
		"before there were times": hour(Revocation{Subject: "alice", At: time.Unix(-1, 0)}),
	} {
		t.Run(name, func(t *testing.T) {
			s := &Revocations{Now: atNoon}
			if err := s.Add(r); err == nil || strings.Contains(err.Error(), "alice") {
				t.Errorf("%v", err)
			}
			if data, err := r.MarshalBinary(); err == nil {
				t.Errorf("encoded: %x", data)
			}
			if s.Len() > 0 {
				t.Error("it was added")
			}
		})
	}
}

// All that one node knows makes another know the same.
func TestRevocationsReplay(t *testing.T) {
	one, other := &Revocations{Now: atNoon}, &Revocations{Now: atNoon}
	for i := range 50 {
		add(t, one, hour(Revocation{Digest: TokenDigest([]byte("k"), fmt.Sprint(i))}), hour(Revocation{Issuer: "i", ID: fmt.Sprint(i)}),
			hour(Revocation{Issuer: "i", Subject: fmt.Sprint(i), At: noon.Add(time.Duration(i) * 1234567)}))
	}
	var log [][]byte
	for r := range one.All() {
		data, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, data)
	}
	for _, data := range log {
		var r Revocation
		if err := r.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		add(t, other, r)
	}
	if len(log) != 150 || !reflect.DeepEqual(one.known, other.known) {
		t.Errorf("%d revocations, %d known", len(log), other.Len())
	}
	for range one.All() {
		break // and no lock is held
	}
	add(t, one, hour(Revocation{ID: "more"}))
}

func TestRevocationRounding(t *testing.T) {
	r := Revocation{Subject: "alice", At: noon.Add(1), Until: noon.Add(time.Minute + 1)}
	data, err := r.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got Revocation
	if err := got.UnmarshalBinary(data); err != nil || !got.At.Equal(noon.Add(time.Millisecond)) || !got.Until.Equal(noon.Add(time.Minute+time.Millisecond)) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRevocationHasOneEncoding(t *testing.T) {
	good := string([]byte{1, codeID, 1, 'i', 1, '7', 0xd0, 0x86, 0x03})
	if err := new(Revocation).UnmarshalBinary([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"nothing":               "",
		"another version":       "\x02" + good[1:],
		"another kind":          "\x01\x04" + good[2:],
		"no kind":               "\x01",
		"a byte less":           good[:len(good)-1],
		"a byte more":           good + "\x00",
		"a length in two bytes": "\x01\x02\x81\x00i" + good[4:],
		"a time in a byte more": good[:len(good)-1] + "\x83\x00",
		"a text beyond the end": "\x01\x02\x7fi" + good[4:],
		"a time far away":       good[:6] + strings.Repeat("\xff", 9) + "\x01",
		"a digest of nothing":   "\x01\x01" + strings.Repeat("\x00", 32) + "\x01",
		"half a digest":         "\x01\x01" + strings.Repeat("a", 16),
		"a long text":           "\x01\x02\x00\x81\x08" + strings.Repeat("x", 1025) + "\x01",
	} {
		var r Revocation
		if err := r.UnmarshalBinary([]byte(data)); err == nil || r != (Revocation{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestTokenDigest(t *testing.T) {
	const signature = ".c2lnbmF0dXJl"
	jws := b64u(`{"alg":"ES256"}`) + "." + b64u(`{"sub":"a","x":"<<???>>"}`)
	spaced := b64u("\n{\"alg\":\"ES256\"}") + "." + b64u(`{"sub":"a"}`)
	plus := strings.NewReplacer("-", "+", "_", "/")
	jwe := b64u(`{"alg":"dir","enc":"A128GCM"}`) + "..aXY.dGV4dA"
	for _, test := range []struct {
		name, one, other string
		same             bool
	}{
		{"another signature", jws + signature, jws + ".AAAA", true},
		{"a signature in the other alphabet", jws + ".-_-_", jws + ".+/+/", true},
		{"a signature with ~ in it", jws + signature, jws + signature + "~", true},
		{"a padded signature", jws + signature, jws + signature + "==", true},
		{"no signature", jws + signature, jws + ".", true},
		{"parts behind the signature", jws + signature, jws + signature + ".x.y", true},
		{"claims in the other alphabet", jws + signature, plus.Replace(jws) + signature, true},
		{"padded parts", jws + signature, strings.Replace(jws, ".", "=.", 1) + "==" + signature, true},
		{"a header behind a line", spaced + signature, spaced + ".AAAA", true},
		{"other claims", jws + signature, b64u(`{"alg":"ES256"}`) + "." + b64u(`{"sub":"b"}`) + signature, false},
		{"another header", jws + signature, spaced + signature, false},

		{"another tag", jwe + ".dGFn", jwe + ".AAAA", true},
		{"stray bits in a ciphertext", jwe + ".dGFn", strings.TrimSuffix(jwe, "A") + "B.dGFn", true},
		{"~ in a ciphertext", jwe + ".dGFn", jwe + "~.dGFn", true},
		{"another ciphertext", jwe + ".dGFn", jwe + "AA.dGFn", false},

		{"an opaque token, padded", "T", "T=", true},
		{"padded twice", "T", "T==", true},
		{"an opaque token in another case", "T", "t", false},
		{"an opaque token in the other alphabet", "T-", "T+", false},
		{"an opaque token without ~", "T~", "T", false},
		{"opaque tokens with dots", "opaque.a.b", "opaque.a.c", false},
		{"two PASETOs", "v4.public.b25l", "v4.public.dHdv", false},
		{"no JSON object in front", b64u("[1]") + ".a.b", b64u("[1]") + ".a.c", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Whichever of the two is revoked.
			for _, pair := range [][2]string{{test.one, test.other}, {test.other, test.one}} {
				s := &Revocations{Now: atNoon}
				add(t, s, hour(Revocation{Digest: TokenDigest([]byte("k"), pair[0])}))
				if got := s.Revoked(new(Claims), TokenDigest([]byte("k"), pair[1])); got != test.same {
					t.Errorf("%s is revoked, and %s: %v", pair[0], pair[1], got)
				}
			}
		})
	}
	if TokenDigest([]byte("k"), jws) == TokenDigest([]byte("another"), jws) {
		t.Error("digests are not keyed")
	}
}

// Adding, asking and listing at once; what was added before one asks counts.
func TestRevocationsConcurrently(t *testing.T) {
	s := &Revocations{Now: atNoon, Max: 100}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 200 {
				id := fmt.Sprint(i, " ", n)
				err := s.Add(hour(Revocation{ID: id}))
				if err != nil && !errors.Is(err, ErrFull) {
					t.Error(err)
				}
				if s.Revoked(&Claims{ID: id}, [32]byte{}) != (err == nil) {
					t.Error("an addition does not count, or a refused one does")
				}
				if n%50 == 0 {
					for r := range s.All() {
						if r.ID == "" {
							t.Error("a revocation of nothing")
						}
					}
				}
			}
		})
	}
	wg.Wait()
	if s.Len() != 100 {
		t.Errorf("%d of at most 100", s.Len())
	}
}

func FuzzRevocation(f *testing.F) {
	for _, r := range []Revocation{
		hour(Revocation{Digest: TokenDigest(nil, "x")}), hour(Revocation{Issuer: testIssuer, ID: "7"}), hour(Revocation{Subject: strings.Repeat("s", 200), At: noon}),
	} {
		data, err := r.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)-1])
		f.Add(append(slices.Clone(data), 0))
	}
	f.Add([]byte{1, 2, 0x80, 0x00, 1, 'a', 1})
	f.Add([]byte{2, 2, 0, 1, 'a', 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Revocation
		if err := r.UnmarshalBinary(data); err != nil {
			if r != (Revocation{}) {
				t.Fatalf("%x: %+v and %v", data, r, err)
			}
			return
		}
		again, err := r.MarshalBinary()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x is read as %+v, which is %x, %v", data, r, again, err)
		}
		s := &Revocations{Now: func() time.Time { return time.Unix(0, 0) }}
		if err := s.Add(r); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if r.Until.After(time.Unix(0, 0)) && !s.Revoked(&Claims{Issuer: r.Issuer, ID: r.ID, Subject: r.Subject, IssuedAt: r.At}, r.Digest) {
			t.Fatalf("%+v revokes nothing", r)
		}
	})
}

func BenchmarkRevokedEmpty(b *testing.B) {
	s, c := new(Revocations), &Claims{Issuer: testIssuer, Subject: "alice", ID: "7"}
	b.ReportAllocs()
	for b.Loop() {
		s.Revoked(c, [32]byte{1})
	}
}

func BenchmarkRevoked(b *testing.B) {
	s, c := &Revocations{Now: atNoon}, &Claims{Issuer: testIssuer, Subject: "alice", ID: "7"}
	for i := range 50_000 {
		s.Add(hour(Revocation{Issuer: testIssuer, ID: fmt.Sprint("other ", i)}))
		s.Add(hour(Revocation{Issuer: testIssuer, Subject: fmt.Sprint("other ", i), At: noon}))
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Revoked(c, [32]byte{1})
	}
}
