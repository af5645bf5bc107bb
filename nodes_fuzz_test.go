package bearcache

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/nodelog"
	"github.com/bearcache/bearcache/internal/rfc9111"
)

var fuzzKey = Key{Identity{Issuer: "i", Subject: "a"}.Partition(), "http://api.test/me"}

func fuzzSecond(now time.Time) *second {
	c := &Cache{Now: func() time.Time { return now }}
	c.init()
	return &second{cache: c}
}

// Of whatever plaintext there is, a record that is read is whole, and is written as what it is read as.
func FuzzRecord(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	s := fuzzSecond(now)
	for i, lines := range [][]string{{fresh}, {fresh, "Vary: Accept-Language", "Etag: \"1\"", "Set-Cookie: a"}} {
		h := header(lines...)
		stored := rfc9111.Keep(rfc9111.PrivateCache, rfc9111.Request{Method: "GET", Header: header("Accept-Language: de")}, rfc9111.Response{Status: 200, Header: h}, now, now)
		r := &record{key: fuzzKey}
		for range i + 1 {
			r.variants = append(r.variants, variant{Stored: stored, fields: pack(h, header("Date: x", "Cache-Control: no-cache")), body: []byte("body"), stamp: newStamp(0), until: forever})
		}
		b, ttl := s.encode(r, nodelog.Position{Epoch: "e", Number: 7})
		if got, at, ok := decode(string(b), fuzzKey, now); !ok || at != (nodelog.Position{Epoch: "e", Number: 7}) || ttl <= 0 || len(got.variants) != i+1 {
			f.Fatalf("%v, %+v, %v", ok, at, ttl)
		}
		f.Add(string(b))
		f.Add(string(b[:len(b)/2]))
	}
	f.Fuzz(func(t *testing.T, plain string) {
		r, at, ok := decode(plain, fuzzKey, now)
		if !ok {
			return
		}
		if r.key != fuzzKey || len(r.variants) == 0 {
			t.Fatalf("%+v", r.key)
		}
		for i := range r.variants {
			v := &r.variants[i]
			v.stamp = newStamp(0)
			harmless(t, v.fields)
			v.tags()
			v.until = forever // so that encode keeps it
		}
		r.weigh()
		b, ttl := s.encode(r, at)
		if ttl <= 0 {
			return
		}
		again, then, ok := decode(string(b), fuzzKey, now)
		if !ok || then != at {
			t.Fatalf("it is read, and what is written of it is not: %v, %+v", ok, then)
		}
		j := 0
		for i := range r.variants {
			if v := &r.variants[i]; v.Useful().After(now) {
				w := &again.variants[j]
				if j++; w.Stored != v.Stored || w.fields != v.fields || string(w.body) != string(v.body) || w.until != v.until {
					t.Errorf("%+v becomes %+v", v, w)
				}
			}
		}
	})
}

// harmless reads fields that are whole in all ways.
func harmless(t *testing.T, p packed) {
	h := make(http.Header)
	if room := p.into(h, 2); len(room) != 2 {
		t.Fatalf("room for %d lines", len(room))
	}
	if diff := cmp.Diff(h, p.sent()); diff != "" {
		t.Error(diff)
	}
	p.original()
}

// Fields that are whole do no harm, and what pack writes is whole.
func FuzzPacked(f *testing.F) {
	f.Add(string(pack(header("A: 1", "A: 2", "B: 3"), header("A: 1", "C: 4"))), "A", "1")
	f.Add("\x01\x01\x01A\x01\x011", "", "")
	f.Add("\x02\x01\x01A\x01\x011", "x", "")
	f.Fuzz(func(t *testing.T, fields, name, value string) {
		if p := packed(fields); p.whole() {
			harmless(t, p)
		}
		if name == "" {
			return
		}
		sent, original := http.Header{name: {value, value}, "B": {"1"}}, http.Header{name: {value}, "C": {value}}
		p := pack(sent, original)
		if !p.whole() {
			t.Fatalf("%q is not whole", p)
		}
		if diff := cmp.Diff(sent, p.sent()); diff != "" {
			t.Error(diff)
		}
		if name != "B" {
			if diff := cmp.Diff(original, p.original()); diff != "" {
				t.Error(diff)
			}
		}
		for i := range p {
			if p[:i].whole() && len(p[:i].sent()) != len(sent) {
				t.Errorf("%d of %d bytes are whole", i, len(p))
			}
		}
	})
}

// A notice is read as it was written, and nothing else is one.
func FuzzNotice(f *testing.F) {
	for _, n := range []notice{
		{id: "1", extent: new(Extent)},
		{id: "2", extent: &Extent{Issuer: "i", Subject: "s", Prefix: "http://a/"}},
		{id: "3", names: []string{"c1", "c2"}, uri: "http://a/"},
		{id: "4", names: []string{"c1"}},
	} {
		b := n.append(nil)
		if got, ok := cutNotice(string(b)); !ok || !same(got, n) {
			f.Fatalf("%+v is read as %+v", n, got)
		}
		f.Add(string(b), "i", "s")
	}
	f.Add("p", "", "")
	f.Add("f\x00\x00", "", "")
	f.Fuzz(func(t *testing.T, data, issuer, subject string) {
		if n, ok := cutNotice(data); ok {
			if got, ok := cutNotice(string(n.append(nil))); !ok || !same(got, n) {
				t.Errorf("%+v is read as %+v", n, got)
			}
			n.forgets(fuzzKey, func() []string { return nil })
			if n.extent == nil && len(n.names) == 0 {
				t.Error("it is about nothing")
			}
		}
		n := notice{id: issuer, extent: &Extent{Issuer: issuer, Subject: subject, Tag: subject}}
		if got, ok := cutNotice(string(n.append(nil))); !ok || !same(got, n) {
			t.Errorf("%+v is read as %+v", n, got)
		}
		n = notice{id: issuer, names: []string{subject, "x" + issuer}, uri: issuer}
		if got, ok := cutNotice(string(n.append(nil))); ok == (subject == "") || ok && !same(got, n) {
			t.Errorf("%+v is read as %+v", n, got)
		}
	})
}

func same(a, b notice) bool {
	return a.id == b.id && a.uri == b.uri && slices.Equal(a.names, b.names) && (a.extent == nil) == (b.extent == nil) && (a.extent == nil || *a.extent == *b.extent)
}

// What a notice is about.
func TestNoticeAbout(t *testing.T) {
	p, q := Partition{"cp"}, Partition{"cq"}
	for _, tt := range []struct {
		name string
		n    notice
		want string // of p at a, p at b, q at a
	}{
		{"everything", notice{extent: new(Extent)}, "pa pb qa"},
		{"a URI", notice{extent: &Extent{TargetURI: "a"}}, "pa qa"},
		{"a tag", notice{extent: &Extent{Tag: "t"}}, "pa pb qa"},
		{"another tag", notice{extent: &Extent{Tag: "u"}}, ""},
		{"a reader", notice{names: []string{"cp"}}, "pa pb"},
		{"a reader by another name", notice{names: []string{"cx", "cp"}}, "pa pb"},
		{"what a reader has at a URI", notice{names: []string{"cp"}, uri: "a"}, "pa"},
		{"nobody", notice{names: []string{"c"}}, ""},
	} {
		var got []string
		for _, k := range []Key{{p, "a"}, {p, "b"}, {q, "a"}} {
			if tt.n.forgets(k, func() []string { return []string{"t"} }) {
				got = append(got, fmt.Sprint(k.Partition.name[1:], k.TargetURI))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: about %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What is read as a record is one of its key, whole, and nothing more.
func TestRecordRefuses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := fuzzSecond(now)
	encode := func(k Key, kind rfc9111.Kind, fields packed) string {
		stored := rfc9111.Keep(kind, rfc9111.Request{Method: "GET"}, rfc9111.Response{Status: 200, Header: header(fresh)}, now, now)
		b, _ := s.encode(&record{key: k, variants: []variant{{Stored: stored, fields: fields, body: []byte("body"), stamp: newStamp(0), until: forever}}}, nodelog.Position{Epoch: "e", Number: 7})
		return string(b)
	}
	fields := pack(header(fresh), header(fresh))
	sound := encode(fuzzKey, rfc9111.PrivateCache, fields)
	if _, _, ok := decode(sound, fuzzKey, now); !ok {
		t.Fatal("the sound one is refused")
	}
	for name, plain := range map[string]string{
		"nothing":               "",
		"another version":       string(rune(recordFormat+1)) + sound[1:],
		"another reader":        encode(Key{Identity{Issuer: "i", Subject: "b"}.Partition(), fuzzKey.TargetURI}, rfc9111.PrivateCache, fields),
		"another URI":           encode(Key{fuzzKey.Partition, fuzzKey.TargetURI + "?"}, rfc9111.PrivateCache, fields),
		"another kind of cache": encode(fuzzKey, rfc9111.SharedCache, fields),
		"fields cut off":        encode(fuzzKey, rfc9111.PrivateCache, fields[:len(fields)-1]),
		"no fields":             encode(fuzzKey, rfc9111.PrivateCache, ""),
		"something behind it":   sound + "x",
	} {
		if r, _, ok := decode(plain, fuzzKey, now); ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for i := range sound {
		if _, _, ok := decode(sound[:i], fuzzKey, now); ok {
			t.Errorf("%d of %d bytes are enough", i, len(sound))
		}
	}
}

func TestWholeFields(t *testing.T) {
	for _, tt := range []struct {
		fields string
		want   bool
	}{
		{"\x00\x00", true},
		{"\x01\x01\x01A\x01\x011", true},
		{"\x01\x00\x01A\x00", true},
		{"\x01\x01\x01A\x01\x011\x01B\x00", true}, // ours alone
		{"", false},
		{"\x00", false},
		{"\x02\x01\x01A\x01\x011", false},               // a field is missing
		{"\x01\x02\x01A\x01\x011", false},               // a line
		{"\x01\x00\x01A\x01\x011", false},               // there is one more
		{"\x01\x01\x00\x01\x011", false},                // of no name
		{"\x01\x01\x01A\x01\x021", false},               // cut off
		{"\x01\x01\x01A\x01\x011\x01B", false},          // behind it
		{"\xff\xff\xff\xff\xff\xff\xff\x7f\x00", false}, // of very many fields
		{"\x01\xff\xff\xff\xff\xff\xff\xff\x7f\x01A\x00", false},
	} {
		if got := packed(tt.fields).whole(); got != tt.want {
			t.Errorf("%q: %v", tt.fields, got)
		}
	}
}
