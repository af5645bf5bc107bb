package bearcache

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byName makes an identity of "Authorization: Bearer issuer/subject/scope".
func byName(r *http.Request) (Identity, error) {
	name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if name == "" {
		return Anonymous, nil
	}
	parts := strings.Split(name, "/")
	return Identity{Issuer: parts[0], Subject: parts[1], Scope: parts[2]}, nil
}

func TestPurge(t *testing.T) {
	requests := []string{
		"i/alice/read http://api.test/users/1", "i/alice/write http://api.test/users/1", "i/bob/read http://api.test/users/1", "/alice/ http://api.test/users/1",
		"j/alice/ http://api.test/users/1",
		" http://api.test/users/1", " http://api.test/users/10?q=1", " http://api.test/?q", " https://api.test/users/1", " http://api.test:8080/users/1",
		" http://api.test.evil.test/users/1",
	}
	for _, tt := range []struct {
		name   string
		extent Extent
		gone   []int
	}{
		{"everything", Extent{}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"a subject, in all its scopes", Extent{Issuer: "i", Subject: "alice"}, []int{0, 1}},
		{"a subject nobody vouches for", Extent{Subject: "alice"}, []int{3}},
		{"an issuer", Extent{Issuer: "i"}, []int{0, 1, 2}},
		{"a subject that is not there", Extent{Issuer: "i", Subject: "ali"}, nil},
		{"a URI, for all readers", Extent{TargetURI: "http://api.test/users/1"}, []int{0, 1, 2, 3, 4, 5}},
		{"a URI, as other requests spell its authority", Extent{TargetURI: "HTTP://API.test:80/users/1"}, []int{0, 1, 2, 3, 4, 5}},
		{"a URI with an empty port", Extent{TargetURI: "http://api.test:/users/1"}, []int{0, 1, 2, 3, 4, 5}},
		{"a URI whose path is empty", Extent{TargetURI: "http://api.test?q"}, []int{7}},
		{"a URI of one subject", Extent{TargetURI: "http://api.test:80/users/1", Issuer: "i", Subject: "bob"}, []int{2}},
		{"a URI without its query", Extent{TargetURI: "http://api.test/users/10"}, nil},
		{"a prefix within a segment", Extent{Prefix: "http://api.test/users/1"}, []int{0, 1, 2, 3, 4, 5, 6}},
		{"a prefix that ends with a segment", Extent{Prefix: "http://api.test/users/1/"}, nil},
		{"a prefix without a path is a host", Extent{Prefix: "http://api.test"}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		{"the start of a host is none", Extent{Prefix: "http://api"}, nil},
		{"a port", Extent{Prefix: "http://api.test:8080"}, []int{9}},
		{"another scheme", Extent{Prefix: "https://api.test:443/"}, []int{8}},
		{"a prefix into the query", Extent{Prefix: "http://api.test/users/10?"}, []int{6}},
		{"a prefix for an issuer", Extent{Prefix: "http://api.test/users/", Issuer: "j"}, []int{4}},
		{"a tag of all", Extent{Tag: "ALL"}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"a tag of one", Extent{Tag: "tag 6"}, []int{6}},
		{"a tag of one subject", Extent{Tag: "all", Issuer: "i", Subject: "bob"}, []int{2}},
		{"the start of a tag", Extent{Tag: "tag"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &origin{}
			c := &Cache{Identify: byName}
			h := c.Handler(o)
			all := make([]*http.Request, len(requests))
			for i, s := range requests {
				who, target, _ := strings.Cut(s, " ")
				all[i] = request("GET", target)
				if who != "" {
					all[i].Header.Set("Authorization", "Bearer "+who)
				}
				o.header = header(fresh, "Surrogate-Key: all other", fmt.Sprintf("Cache-Tag: Tag %d, x", i))
				ask(h, all[i])
			}
			if err := c.Purge(t.Context(), tt.extent); err != nil {
				t.Fatal(err)
			}
			for range 2 { // after the first round everything is stored anew, and stays
				var gone []int
				for i, r := range all {
					before := o.calls.Load()
					if ask(h, r); o.calls.Load() != before {
						gone = append(gone, i)
					}
				}
				if diff := cmp.Diff(tt.gone, gone); diff != "" {
					t.Errorf("gone (-want +got):\n%s", diff)
				}
				tt.gone = nil
			}
		})
	}
}

func TestPurgeRefuses(t *testing.T) {
	o := &origin{header: header(fresh)}
	c := new(Cache)
	h := c.Handler(o)
	ask(h, get())
	secret := "eyJ0b2tlbg"
	for _, tt := range []struct {
		extent Extent
		why    string
	}{
		{Extent{TargetURI: "http://api.test/me", Prefix: "http://api.test/"}, "more than one"},
		{Extent{TargetURI: "http://api.test/me", Tag: "a"}, "more than one"},
		{Extent{Prefix: "http://api.test/me", Tag: "a"}, "more than one"},
		{Extent{TargetURI: "/me?" + secret}, "http://"},
		{Extent{TargetURI: "ftp://api.test/me"}, "http://"},
		{Extent{Prefix: "/"}, "http://"},
		{Extent{Prefix: "http://"}, "host"},
		{Extent{Prefix: "http:///me"}, "host"},
		{Extent{Prefix: "http://a b/"}, "host"},
		{Extent{Prefix: "http://u:" + secret + "@api.test/"}, "user information"},
		{Extent{TargetURI: "http://api.test/me#" + secret}, "fragment"},
		{Extent{TargetURI: "http://api.test#" + secret}, "fragment"},
		{Extent{TargetURI: "http://api.test/m e"}, "percent-encoded"},
		{Extent{Prefix: "http://api.test/ü"}, "percent-encoded"},
		{Extent{Tag: "a, b"}, "more than one"},
		{Extent{Tag: " "}, "none"},
		{Extent{Tag: strings.Repeat("a", 8193)}, "8,192"},
		{Extent{Subject: strings.Repeat("a", 8193)}, "8,192"},
	} {
		err := c.Purge(t.Context(), tt.extent)
		if err == nil || !strings.Contains(err.Error(), tt.why) || strings.Contains(err.Error(), secret) {
			t.Errorf("%+v: %v, want something about %q", tt.extent, err, tt.why)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Purge(ctx, Extent{}); err != context.Canceled {
		t.Errorf("after the end of the context: %v", err)
	}
	if ask(h, get()); o.calls.Load() != 1 {
		t.Error("what was refused was purged")
	}
	for _, e := range []Extent{{Tag: "a b"}, {Tag: "a,b"}, {Prefix: "http://[::1]:80/"}, {TargetURI: "http://api.test/%C3%BC?ü"}} {
		if err := new(Cache).Purge(t.Context(), e); err != nil {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

func TestTagsOf(t *testing.T) {
	for _, tt := range []struct {
		header http.Header
		want   []string
	}{
		{nil, nil},
		{header("Surrogate-Key: a  B\tc,d"), []string{"a", "b", "c,d"}},
		{header("Cache-Tag: a, B c ,,d"), []string{"a", "b c", "d"}},
		{header("Cache-Tag: a", "Surrogate-Key: b", "Cache-Tag: c", "Surrogate-Key: d"), []string{"b", "d", "a", "c"}},
		{header("Cache-Tag:", "Surrogate-Key: "), nil},
	} {
		if diff := cmp.Diff(tt.want, tagsOf(tt.header)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.header, diff)
		}
	}
}

// A partition belongs to the issuer and the subject that it was made of, and to no others.
func FuzzPartitionBelongs(f *testing.F) {
	f.Add("i", "alice", "read", "i", "alice")
	f.Add("", "alice", "", "", "ali")
	f.Add("ia", "b", "", "i", "ab")
	f.Add(strings.Repeat("x", 200), strings.Repeat("y", 20_000), "z", "", "")
	f.Fuzz(func(t *testing.T, issuer, subject, scope, issuer2, subject2 string) {
		p := Identity{Issuer: issuer, Subject: subject, Scope: scope}.Partition()
		if none := subject == ""; p.belongsTo(issuer, subject) == none || p.vouchedForBy(issuer) == none {
			t.Errorf("%q does not belong to its own", p.name)
		}
		if p.belongsTo(issuer2, subject2) && (issuer2 != issuer || subject2 != subject) || p.vouchedForBy(issuer2) && issuer2 != issuer {
			t.Errorf("%q belongs to another", p.name)
		}
		if Shared.belongsTo(issuer2, subject2) || (Partition{}).belongsTo(issuer2, subject2) {
			t.Error("what is nobody's belongs to somebody")
		}
		for _, name := range []string{issuer, "i" + issuer} { // that nobody made: they must do no harm
			if i, s, ok := (Partition{name}).owner(); ok && len(i)+len(s) > len(name) {
				t.Errorf("%q names %q and %q", name, i, s)
			}
		}
	})
}

// FuzzNormalURI: what is normal stays as it is, and is what targetURI makes of a request for it.
func FuzzNormalURI(f *testing.F) {
	for _, s := range []string{"http://API.test:80", "https://a:443?q", "http://[::1]:8080/a%20b?c#d", "HTTPS://u@h/", "http://h/ü?ü", "http://0:", "http://0%8000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		normal, why := normalURI(uri)
		if why != "" {
			return
		}
		if again, why := normalURI(normal); again != normal || why != "" {
			t.Errorf("%q is normal, and becomes %q (%s)", normal, again, why)
		}
		r, err := http.NewRequest("GET", uri, nil)
		if err != nil {
			return
		}
		in := new(Transport).received(r, t.Context())
		if got := targetURI(in); r.URL.Scheme == "http" && got != "" && got != normal {
			t.Errorf("%q is normal as %q, and a request for it has the key %q", uri, normal, got)
		}
	})
}

// What the log says is held against a list of all purges that is searched from one end to the other.
// Where the log calls dead what the list does not, a slot must be shared, or the oldest forgotten.
func TestPurgeLogAgainstAList(t *testing.T) {
	type purge struct {
		number  uint64
		matches func(k Key, tags func() []string) bool
		slot    *atomic.Uint64
	}
	type stored struct {
		key   Key
		born  uint64
		stamp *stamp
		tags  func() []string
	}
	pick := func(s ...string) string { return s[rand.IntN(len(s))] }
	for round := range 20 {
		v, list, records := newInvalidations(), []purge(nil), []stored(nil)
		var extents []uint64 // numbers of what went into the list
		tolerated, looked, dead := 0, 0, 0
		for range 4000 {
			k := Key{Partition: Identity{Issuer: pick("", "i", "j"), Subject: pick("a", "b"), Scope: pick("", "r")}.Partition(), TargetURI: "http://h/" + pick("a", "ab", "b", "b?c")}
			if rand.IntN(4) == 0 {
				k.Partition = Shared
			}
			switch n := rand.IntN(100); {
			case n < 20:
				tags := tagsOf(http.Header{"Cache-Tag": {pick("x", "y", "x,y", "")}})
				records = append(records, stored{k, v.now(), newStamp(v.now()), func() []string { return tags }})
			case n < 22:
				v.purge(Extent{TargetURI: k.TargetURI})
				list = append(list, purge{v.now(), func(o Key, _ func() []string) bool { return o.TargetURI == k.TargetURI }, v.slotOfURI(k.TargetURI)})
			case n < 24:
				v.key(k)
				list = append(list, purge{v.now(), func(o Key, _ func() []string) bool { return o == k }, v.slotOfKey(k)})
			case n < 27+50*(round%2): // every other round forgets
				e := Extent{}
				if rand.IntN(400) > 0 {
					e = Extent{Issuer: pick("", "i"), Subject: pick("", "b"), Tag: pick("", "x", "z")}
					if e.Tag == "" {
						e.Prefix = pick("", "http://h/a", "http://h/b?", "http://h/z")
					}
				}
				v.purge(e)
				list = append(list, purge{v.now(), func(o Key, tags func() []string) bool {
					issuer, subject, _ := o.Partition.owner()
					return (e.Issuer == "" && e.Subject == "" || o.Partition != Shared && issuer == e.Issuer && (e.Subject == "" || e.Subject == subject)) &&
						(e.Tag == "" || slices.Contains(tags(), e.Tag)) && strings.HasPrefix(o.TargetURI, e.Prefix)
				}, nil})
				extents = append(extents, v.now())
			case len(records) > 0:
				r := records[rand.IntN(len(records))]
				want, excused := true, false
				for _, p := range list {
					if p.number > r.born {
						want = want && !p.matches(r.key, r.tags)
						excused = excused || p.slot != nil && (p.slot == v.slotOfURI(r.key.TargetURI) || p.slot == v.slotOfKey(r.key))
					}
				}
				if len(extents) > maxExtents && r.born < extents[len(extents)-1-maxExtents] {
					excused = true
				}
				looked++
				for _, got := range []bool{v.aliveTagged(r.key, r.tags, r.born), v.current(r.key, r.tags, r.stamp)} {
					switch {
					case got && !want:
						t.Fatalf("a purge of %v, born under %d, is not noticed", r.key, r.born)
					case !got && want && !excused:
						t.Fatalf("%v, born under %d, is dead for no reason", r.key, r.born)
					case !got && want:
						tolerated++
					case !got:
						dead++
					}
				}
			}
		}
		if n := len(v.list.Load().purges); n > maxExtents {
			t.Fatalf("%d purges are remembered", n)
		}
		if looked < 100 || dead < 50 || round%2 == 0 && tolerated > looked/10 {
			t.Errorf("of %d looked up %d were dead and %d more", looked, dead, tolerated)
		}
	}
}

// The oldest purge is forgotten with what was born before it, and nothing else is.
func TestPurgeLogIsBounded(t *testing.T) {
	v := newInvalidations()
	k := Key{Shared, "http://h/a"}
	for i := range 3 * maxExtents {
		before := v.now()
		v.purge(Extent{Tag: strconv.Itoa(i)})
		if n := len(v.list.Load().purges); n > maxExtents || cap(v.list.Load().purges) > 2*maxExtents {
			t.Fatalf("%d purges are remembered", n)
		}
		if !v.alive(k, before) {
			t.Fatalf("dead after one purge of something else")
		}
	}
	if !v.alive(k, 2*maxExtents) || v.alive(k, 2*maxExtents-1) {
		t.Error("dead is not what was born before the oldest purge that is remembered")
	}
}

// A record that was held against all purges up to a number is never held against them again. So none
// may appear after its number.
func TestPurgeNumberComesLast(t *testing.T) {
	v := newInvalidations()
	v.append(func(n uint64) {
		if v.now() >= n {
			t.Errorf("number %d can be seen before its purge", n)
		}
	})
	if v.now() != 1 {
		t.Errorf("the number is %d", v.now())
	}
}

// What began before a purge is never given to a request that came after it, whichever of the two ends
// first.
func TestPurgeReachesWhatIsUnderWay(t *testing.T) {
	for _, e := range []Extent{{}, {Prefix: "http://api.test/"}, {Tag: "t"}, {TargetURI: "http://api.test/me"}} {
		asked, answer := make(chan bool), make(chan bool)
		var block atomic.Bool
		block.Store(true)
		o := &origin{header: header(fresh, "Cache-Tag: t"), before: func(http.ResponseWriter, *http.Request) {
			if block.Load() {
				asked <- true
				<-answer
			}
		}}
		c := new(Cache)
		h := c.Handler(o)
		done := make(chan bool)
		go func() { ask(h, get()); done <- true }()
		<-asked
		if err := c.Purge(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		block.Store(false)
		answer <- true
		<-done
		for i, want := range []int64{2, 2} {
			if ask(h, get()); o.calls.Load() != want {
				t.Errorf("%+v, request %d: %d calls, want %d", e, i, o.calls.Load(), want)
			}
		}
	}
}

// The origin's state moves on, and each time it is purged in one way or another. Whoever asks after a
// purge has returned is given that state or a later one.
func TestPurgeOrder(t *testing.T) {
	var state atomic.Int64
	var purged [4]atomic.Int64 // the state that everybody must know of path i
	c := &Cache{Identify: byName}
	h := c.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := state.Load()
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Set("Surrogate-Key", "tag"+strings.TrimPrefix(r.URL.Path, "/"))
		io.WriteString(w, strconv.FormatInt(n, 10))
	}))
	var readers, writer sync.WaitGroup
	stop := make(chan bool)
	writer.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			i := rand.IntN(len(purged))
			n := state.Add(1)
			uri := fmt.Sprintf("http://api.test/%d", i)
			extents := []Extent{{TargetURI: uri}, {Prefix: uri}, {Tag: fmt.Sprintf("TAG%d", i)}, {Issuer: "i"}, {}}
			kind := rand.IntN(len(extents))
			if err := c.Purge(t.Context(), extents[kind]); err != nil {
				t.Error(err)
				return
			}
			for j := range purged {
				if j == i || kind > 2 {
					purged[j].Store(n)
				}
			}
		}
	})
	var hits atomic.Int64
	for reader := range 4 {
		readers.Go(func() {
			for range 5000 {
				i := rand.IntN(len(purged))
				known := purged[i].Load()
				resp := ask(h, request("GET", fmt.Sprintf("http://api.test/%d", i), fmt.Sprintf("Authorization: Bearer i/s%d/r", reader%2)))
				if n, err := strconv.ParseInt(text(t, resp), 10, 64); err != nil || n < known {
					t.Errorf("state %d (%v), although %d was purged before the request", n, err, known)
				}
				if strings.Contains(resp.Header.Get("Cache-Status"), "; hit") {
					hits.Add(1)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
	t.Logf("%d of 20000 were hits, %d purges", hits.Load(), state.Load())
}

func BenchmarkAlive(b *testing.B) {
	k := Key{Partition: Identity{Issuer: "https://login.example", Subject: "alice"}.Partition(), TargetURI: "https://api.example/users/1/orders?page=2"}
	tags := http.Header{"Cache-Tag": {"orders,user-1,v2"}}
	for _, newer := range []int{0, 1, 1000} {
		v := newInvalidations()
		for i := range newer {
			v.purge([]Extent{
				{Prefix: fmt.Sprintf("https://api.example/users/%d/", i+2)}, {Tag: fmt.Sprintf("user-%d", i+2)},
				{Issuer: "https://login.example", Subject: fmt.Sprint("bob", i)},
			}[i%3])
		}
		b.Run(fmt.Sprintf("newer=%d", newer), func(b *testing.B) {
			list := func() []string { return tagsOf(tags) }
			for b.Loop() {
				if !v.aliveTagged(k, list, 0) {
					b.Fatal("dead")
				}
			}
		})
		b.Run(fmt.Sprintf("newer=%d/noted", newer), func(b *testing.B) {
			s, list := newStamp(0), func() []string { return tagsOf(tags) }
			for b.Loop() {
				if !v.current(k, list, s) {
					b.Fatal("dead")
				}
			}
		})
	}
}
