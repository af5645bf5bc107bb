package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/test/programtest"
	"github.com/bearcache/bearcache/test/redistest"
)

// ownerOrigin answers with who asked, what for, and when it was asked, and lets it be kept for an hour.
func ownerOrigin(t *testing.T) *httptest.Server {
	var serial atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "max-age=3600")
		h.Set("Surrogate-Key", "all "+strings.Trim(r.URL.Path, "/"))
		h.Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(said{r.Header.Get("Authorization"), r.URL.Path, serial.Add(1)})
	}))
	t.Cleanup(s.Close)
	return s
}

type said struct {
	Owner, Path string
	Serial      int64
}

// fleet is some gateways before one origin that share a store.
type fleet struct {
	*world
	bases, admins []string
	tokens        []string
	client        *http.Client
	requests      atomic.Int64
	hits          atomic.Int64
}

// newFleet starts n of them. Each has a log of its own to be searched.
func newFleet(t *testing.T, n int, origin, store string, args ...string) *fleet {
	f := &fleet{world: opaqueWorld(t), client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(f.client.CloseIdleConnections)
	for range 8 {
		f.tokens = append(f.tokens, rand.Text())
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(rand.Text()+rand.Text()), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprintf("node%d", i)
		all := append([]string{"serve", "--upstream", origin, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--store", store, "--secret", "file:" + secret}, args...)
		f.bases = append(f.bases, f.start(name, exec.Command(programtest.Bearcache, all...)))
		_, after, _ := strings.Cut(f.dump(name), "admin on ")
		for deadline := time.Now().Add(5 * time.Second); after == "" && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			_, after, _ = strings.Cut(f.dump(name), "admin on ")
		}
		admin, _, _ := strings.Cut(after, "\n")
		f.admins = append(f.admins, strings.TrimSpace(admin))
	}
	return f
}

// get asks node i, as everybody who comes to api.test does, and holds the answer against who asked.
func (f *fleet) get(i int, path, token string) (what said, cached bool) {
	r, err := http.NewRequest("GET", f.bases[i]+path, nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	r.Host = "api.test"
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := f.client.Do(r)
	if err != nil {
		f.t.Errorf("node %d: %v", i, err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	status := resp.Header.Get("Cache-Status")
	if err != nil || resp.StatusCode != 200 || json.Unmarshal(body, &what) != nil {
		f.t.Errorf("node %d: %d %v %s", i, resp.StatusCode, err, status)
		return what, false
	}
	if what.Owner != "Bearer "+token || what.Path != path {
		f.t.Errorf("node %d handed out another reader's response (%s)", i, status)
	}
	if resp.Header.Get("Surrogate-Key") != "" {
		f.t.Errorf("node %d: a tag goes out", i)
	}
	f.requests.Add(1)
	if cached = strings.Contains(status, "; hit"); cached {
		f.hits.Add(1)
	}
	return what, cached
}

// known has every node ask for something, and returns the last serial that one of them knows.
func (f *fleet) known(path, token string) (serial int64) {
	for i := range f.bases {
		what, _ := f.get(i, path, token)
		serial = max(serial, what.Serial)
	}
	return serial
}

// load has readers ask all nodes until it is stopped. What it is told is the number of requests, and of hits.
func (f *fleet) load(workers int) (stop func() (requests, hits int64)) {
	ctx, cancel := context.WithCancel(context.Background())
	before, hits := f.requests.Load(), f.hits.Load()
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for ctx.Err() == nil && !f.t.Failed() {
				f.get(mrand.IntN(len(f.bases)), fmt.Sprintf("/load/%d", mrand.IntN(20)), f.tokens[mrand.IntN(len(f.tokens))])
			}
		})
	}
	return sync.OnceValues(func() (int64, int64) {
		cancel()
		running.Wait()
		return f.requests.Load() - before, f.hits.Load() - hits
	})
}

// order sends an operator's order to node i.
func (f *fleet) order(i int, path, content string) map[string]any {
	f.t.Helper()
	resp, err := http.Post(f.admins[i]+path, "application/json", strings.NewReader(content))
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode >= 300 {
		f.t.Fatalf("%s: %d %v %v", path, resp.StatusCode, answer, err)
	}
	return answer
}

// until waits for something that must be so within the bound, and returns how long it took.
func (f *fleet) until(what string, holds func() bool) time.Duration {
	f.t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > bearcache.PurgeBound+time.Second { // the last look may take its time
			f.t.Fatalf("%s: not after %v", what, time.Since(began))
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(began)
}

// What one node is told the others do, however the store fails meanwhile, and nobody gets what is another's.
func TestNodes(t *testing.T) {
	redis := redistest.Start(t)
	f := newFleet(t, 3, ownerOrigin(t).URL, "redis://"+redis.Addr)
	alice := f.tokens[0]
	f.until("the nodes hear of each other", func() bool {
		f.get(0, "/first", alice)
		_, a := f.get(1, "/first", alice)
		_, b := f.get(2, "/first", alice)
		return a && b
	})
	calm := f.load(4)
	var lags []time.Duration
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	if n, err := strconv.Atoi(os.Getenv("PURGES")); err == nil {
		rounds = n
	}
	for round := range rounds {
		path := fmt.Sprintf("/purged/%d", round)
		before := f.known(path, alice)
		by := round % 3
		order := []string{`{"url": "http://api.test` + path + `"}`, `{"prefix": "http://api.test` + path + `"}`, `{"tag": "purged/` + fmt.Sprint(round) + `"}`}[round%3]
		if answer := f.order(by, "/api/v1/purge", order); answer["other_nodes"] != "within 5s" {
			t.Fatalf("%v", answer)
		}
		if what, _ := f.get(by, path, alice); what.Serial <= before {
			t.Errorf("the node itself answers with what it purged")
		}
		lags = append(lags, f.until("the others have purged it", func() bool {
			one, _ := f.get((by+1)%3, path, alice)
			two, _ := f.get((by+2)%3, path, alice)
			return one.Serial > before && two.Serial > before
		}))
	}
	requests, hits := calm()
	slices.Sort(lags)
	t.Logf("calm: %d requests, %.1f %% hits; %d purges known on both other nodes after %v (median), %v (p99.9), %v (most)", requests, 100*float64(hits)/float64(requests), len(lags), lags[len(lags)/2], lags[len(lags)*999/1000], lags[len(lags)-1])
	if float64(hits) < 0.8*float64(requests) {
		t.Errorf("%d hits of %d requests", hits, requests)
	}

	// The store pauses, is emptied, dies and comes back. Each time a purge holds where it is made.
	rough := f.load(4)
	for name, fault := range map[string]func(){
		"paused":  func() { redis.Pause(); time.Sleep(time.Second) },
		"emptied": func() { redis.CLI("flushall") },
		"killed":  func() { redis.Kill(); time.Sleep(time.Second) },
	} {
		before := f.known("/rough", alice)
		fault()
		resp, err := http.Post(f.admins[0]+"/api/v1/purge", "application/json", strings.NewReader(`{"url": "http://api.test/rough"}`))
		if err != nil || resp.StatusCode != 200 && resp.StatusCode != 202 {
			t.Fatalf("a purge while the store is %s: %v %v", name, resp, err)
		}
		resp.Body.Close()
		if what, _ := f.get(0, "/rough", alice); what.Serial <= before {
			t.Errorf("the store is %s, and the node answers with what it purged", name)
		}
		switch name {
		case "paused":
			redis.Resume()
		case "killed":
			redis.Restart()
		}
		f.until("the nodes have purged it, after the store was "+name, func() bool {
			one, _ := f.get(1, "/rough", alice)
			two, _ := f.get(2, "/rough", alice)
			return one.Serial > before && two.Serial > before
		})
	}
	requests, hits = rough()
	t.Logf("rough: %d requests, %.1f %% hits, no other reader's response, no error", requests, 100*float64(hits)/float64(requests))

	// A revoked token is nobody's any more.
	revoked := f.tokens[7]
	f.order(2, "/api/v1/revoke", `{"token": "`+revoked+`"}`)
	for i := range f.bases {
		f.until("a revoked token is refused", func() bool {
			return f.ask("GET", f.bases[i]+"/load/1", revoked).status == 401
		})
	}
	f.evidence.add("redis", redis.CLI("--no-raw", "eval", dumpScript, "0"))
	if dump := f.dump("redis"); !strings.Contains(dump, "bearcache:r:") {
		t.Errorf("the dump holds no record:\n%s", dump)
	}
	for _, secret := range append(f.tokens, "api.test/load", "purged/", "/rough") {
		f.clean(secret)
	}
}

// dumpScript prints all that a Redis holds.
const dumpScript = `local out = {}
for _, k in ipairs(redis.call('keys', '*')) do
	local kind = redis.call('type', k).ok
	out[#out + 1] = k
	if kind == 'string' then out[#out + 1] = redis.call('get', k)
	elseif kind == 'hash' then out[#out + 1] = redis.call('hgetall', k)
	else out[#out + 1] = redis.call('xrange', k, '-', '+') end
end
return out`

// clean looks for a text in everything that the nodes wrote, and Redis holds.
func (f *fleet) clean(secret string) {
	f.t.Helper()
	for _, name := range []string{"node", "redis"} {
		for n := 0; n+8 <= len(secret); n += 4 {
			if strings.Contains(secret, "/") && name == "node" { // a path is no secret in a log of this machine
				continue
			}
			if strings.Contains(f.dump(name), secret[n:n+8]) {
				f.t.Errorf("%s has a part of %q", name, secret)
				return
			}
		}
	}
}

// A Cluster that loses a master goes on, and so do the nodes.
func TestNodesOnCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes its time")
	}
	servers := redistest.Cluster(t, 3, 1)
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, s.Addr)
	}
	f := newFleet(t, 2, ownerOrigin(t).URL, "redis://"+strings.Join(hosts, ",")+"?cluster=true")
	alice := f.tokens[0]
	f.until("the nodes hear of each other", func() bool {
		f.get(0, "/first", alice)
		_, there := f.get(1, "/first", alice)
		return there
	})
	stop := f.load(4)
	for round := range 3 {
		before := f.known("/purged", alice)
		if round == 1 {
			servers[0].Kill()
		}
		resp, err := http.Post(f.admins[0]+"/api/v1/purge", "application/json", strings.NewReader(`{"everything": true}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		f.until("both nodes have purged it", func() bool {
			here, _ := f.get(0, "/purged", alice)
			there, _ := f.get(1, "/purged", alice)
			return here.Serial > before && there.Serial > before
		})
	}
	redistest.Eventually(t, "hits come from the cache again after the failover", func() bool {
		f.get(0, "/after", alice)
		_, there := f.get(1, "/after", alice)
		return there
	})
	requests, hits := stop()
	t.Logf("%d requests, %.1f %% hits, no other reader's response, no error", requests, 100*float64(hits)/float64(requests))
}
