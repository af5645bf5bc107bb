package redisstore

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.uber.org/goleak"

	"github.com/bearcache/bearcache/storetest"
	"github.com/bearcache/bearcache/test/redistest"
)

// open opens a store that has time enough, on a machine that has other things to do.
func open(t testing.TB, url string, change ...func(*Options)) *Store {
	t.Helper()
	o := Options{URL: url, Timeout: 5 * time.Second}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// impatient is for servers that do not answer.
func impatient(o *Options) { o.Timeout = 200 * time.Millisecond }

func at(s *redistest.Server) string { return "redis://" + s.Addr }

func set(t testing.TB, s *Store, key, record string) {
	t.Helper()
	if err := s.Set(t.Context(), key, []byte(record), time.Hour); err != nil {
		t.Fatal(err)
	}
}

// get wants records; "" is an absent one.
func get(t testing.TB, s *Store, keysAndRecords ...string) {
	t.Helper()
	var keys []string
	for i := 0; i < len(keysAndRecords); i += 2 {
		keys = append(keys, keysAndRecords[i])
	}
	records, err := s.Get(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	for i, record := range records {
		if want := keysAndRecords[2*i+1]; string(record) != want || (record == nil) != (want == "") {
			t.Errorf("%s is %.40q, want %.40q", keys[i], record, want)
		}
	}
}

func TestStore(t *testing.T) {
	server := redistest.Start(t)
	conform(t, at(server))
}

// conform runs the suite on one Redis, each test of a log on a new one.
func conform(t *testing.T, url string) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, url) })
	storetest.RunLog(t, func(t *testing.T, kept int) (a, b storetest.PurgeLog) {
		name, change := rand.Text(), func(o *Options) { o.LogLength = kept }
		return open(t, url, change).Log(name), open(t, url, change).Log(name)
	})
}

func TestOptions(t *testing.T) {
	password := func() (string, error) { return "", nil }
	for _, tt := range []struct {
		options Options
		why     string
	}{
		{Options{}, "begin"},
		{Options{URL: "redis://a", Prefix: "a{b}"}, "prefix"},
		{Options{URL: "redis://a", Prefix: "a b"}, "prefix"},
		{Options{URL: "redis://a", Prefix: strings.Repeat("a", 101)}, "prefix"},
		{Options{URL: "redis://a", TLS: new(tls.Config)}, "rediss"},
		{Options{URL: "redis://u:p@a", Password: password}, "two passwords"},
		{Options{URL: "redis://a", SentinelPassword: password}, "sentinels"},
		{Options{URL: "redis://a", Timeout: -1}, "negative"},
		{Options{URL: "redis://a", Connections: -1}, "negative"},
		{Options{URL: "redis://a", MaxRecord: -1}, "negative"},
		{Options{URL: "redis://a", LogLength: -1}, "negative"},
		{Options{URL: "redis://a", Replicas: -1}, "negative"},
	} {
		if s, err := Open(tt.options); err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%v: %v", tt.options, err)
			if s != nil {
				s.Close()
			}
		}
	}
}

func TestPrefixesShareNothing(t *testing.T) {
	server := redistest.Start(t)
	a := open(t, at(server))
	b := open(t, at(server), func(o *Options) { o.Prefix = "other" })
	set(t, a, "k", "a")
	get(t, b, "k", "")
	set(t, b, "k", "b")
	get(t, a, "k", "a")
	first, _, err1 := a.Log("x").Append(t.Context(), nil)
	second, n, err2 := b.Log("x").Append(t.Context(), nil)
	if err1 != nil || err2 != nil || first == second || n != 1 {
		t.Errorf("logs: %q %q %d", first, second, n)
	}
	for key := range strings.SplitSeq(server.CLI("keys", "*"), "\n") {
		if !strings.HasPrefix(key, "bearcache:") && !strings.HasPrefix(key, "other:") {
			t.Errorf("a key is %s", key)
		}
	}
}

// Neither what is too long for Set nor what somebody else wrote comes back.
func TestMaxRecord(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), func(o *Options) { o.MaxRecord = 1000 })
	long := strings.Repeat("x", 1000)
	set(t, s, "k", long)
	get(t, s, "k", long)
	if err := s.Set(t.Context(), "k", make([]byte, 1001), time.Hour); err == nil {
		t.Error("set")
	}
	get(t, s, "k", long)
	set(t, open(t, at(server)), "k", long+"x")
	get(t, s, "k", "")
	server.CLI("set", "bearcache:r:k", "foreign")
	get(t, s, "k", "")
	if _, _, err := s.Log("log").Append(t.Context(), make([]byte, maxEntry+1)); err == nil {
		t.Error("append")
	}
}

// A user that may do no more than the package says can do everything.
func TestAccessList(t *testing.T) {
	server := redistest.Start(t, strings.Fields("--user default off --user bear on >hunter2 ~bearcache:* "+
		"+getrange +set +unlink +ping +eval +hmget +hset +del +xadd +xrange +xrevrange +select +wait")...)
	conform(t, "redis://bear:hunter2@"+server.Addr)
	s := open(t, "redis://bear@"+server.Addr+"/3", func(o *Options) {
		o.Password = func() (string, error) { return "hunter2", nil }
	})
	set(t, s, "k", "record")
	get(t, s, "k", "record")
	get(t, open(t, "redis://bear:hunter2@"+server.Addr), "k", "")
}

// A password that changes is asked for again.
func TestPasswordChanges(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "first")
	var password atomic.Value
	password.Store("first")
	s := open(t, at(server), func(o *Options) {
		o.Password = func() (string, error) { return password.Load().(string), nil }
	})
	set(t, s, "k", "record")
	server.CLI("--no-auth-warning", "-a", "first", "config", "set", "requirepass", "second")
	password.Store("second")
	server.CLI("--no-auth-warning", "-a", "second", "client", "kill", "type", "normal")
	get(t, s, "k", "record")
}

func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "redis") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	redistest.Start(t, "--unixsocket", filepath.Join(dir, "s"))
	s := open(t, "unix://"+filepath.Join(dir, "s")+"?db=1")
	set(t, s, "k", "record")
	get(t, s, "k", "record")
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	pool := certificate(t, dir)
	server := redistest.Start(t, "--port", "0", "--tls-port", "$PORT", "--tls-cert-file", filepath.Join(dir, "cert.pem"),
		"--tls-key-file", filepath.Join(dir, "key.pem"), "--tls-ca-cert-file", filepath.Join(dir, "cert.pem"), "--tls-auth-clients", "no")
	known := func(o *Options) { o.TLS = &tls.Config{RootCAs: pool} }
	s := open(t, "rediss://"+server.Addr, known)
	set(t, s, "k", "record")
	get(t, s, "k", "record")
	_, port, _ := net.SplitHostPort(server.Addr)
	for name, tt := range map[string]struct {
		url    string
		change func(*Options)
	}{
		"an authority that nobody knows": {"rediss://" + server.Addr, func(*Options) {}},
		"another name":                   {"rediss://localhost:" + port, known},
		"no TLS":                         {at(server), func(*Options) {}},
	} {
		if err := open(t, tt.url, tt.change).Ping(t.Context()); !errors.Is(err, ErrDown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// certificate writes one for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, _ := x509.ParseCertificate(der)
	pool.AddCert(parsed)
	return pool
}

// A gateway starts while its Redis is down, and finds it when it is there.
func TestOpenWithoutRedis(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	s := open(t, at(server))
	for range 2 {
		if _, err := s.Get(t.Context(), "k"); !errors.Is(err, ErrDown) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("get: %v", err)
		}
	}
	server.Restart()
	redistest.Eventually(t, "connected", func() bool { return s.Ping(t.Context()) == nil })
	set(t, s, "k", "record")
}

// All idle connections were closed by the other side; nobody is told.
func TestConnectionsAreLost(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server))
	for _, lose := range []func(){func() { server.CLI("client", "kill", "type", "normal") }, server.Restart} {
		busy(t, s)
		lose()
		set(t, s, "k", "record")
		busy(t, s)
		lose()
		if _, err := s.Get(t.Context(), "k"); err != nil {
			t.Error(err)
		}
		busy(t, s)
		lose()
		if _, _, err := s.Log("log").Append(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
}

// busy has s use many connections.
func busy(t *testing.T, s *Store) {
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "k"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestKilledAndEmpty(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server))
	set(t, s, "k", "record")
	server.Kill()
	goesDown(t, s, "refused")
	server.Restart()
	redistest.Eventually(t, "connected", func() bool { return s.Ping(t.Context()) == nil })
	get(t, s, "k", "")
}

// goesDown wants a few failures, and then ErrDown at once.
func goesDown(t *testing.T, s *Store, why string) {
	t.Helper()
	for i := range 50 * trip {
		_, err := s.Get(t.Context(), "k")
		if err == nil {
			t.Fatal("it answers")
		}
		if errors.Is(err, ErrDown) {
			if i > trip || !strings.Contains(err.Error(), why) {
				t.Errorf("after %d: %v", i, err)
			}
			return
		}
	}
	t.Error("never ErrDown")
}

// A server that hangs costs a few timeouts, no goroutines, and no more connections than it may have.
func TestPaused(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), impatient, func(o *Options) { o.Connections = 8 })
	set(t, s, "k", "record")
	busy(t, s)
	before := runtime.NumGoroutine()
	server.Pause()
	var wg sync.WaitGroup
	var answered, refused atomic.Int64
	for range 1000 {
		wg.Go(func() {
			switch _, err := s.Get(t.Context(), "k"); {
			case err == nil:
				t.Error("answered")
			case errors.Is(err, ErrDown):
				refused.Add(1)
			default:
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	goesDown(t, s, "no answer")
	redistest.Eventually(t, "nothing waits any more", func() bool { return runtime.NumGoroutine() <= before+5 })
	server.Resume()
	redistest.Eventually(t, "it answers", func() bool { return s.Ping(t.Context()) == nil })
	get(t, s, "k", "record")
	busy(t, s)
	// 8, the one for pings, redis-cli, and those that the server has not yet seen closed.
	redistest.Eventually(t, "few connections", func() bool { return strings.Count(server.CLI("client", "list"), "\n") < 11 })
}

// Where Redis is down, nobody waits for a connection that one who tries it has.
func TestBusyAndDown(t *testing.T) {
	s := open(t, at(redistest.Start(t)), func(o *Options) { o.Timeout, o.Connections = time.Minute, 1 })
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	for range trip {
		done, _ := s.breakers[0].Allow()
		done(errLate)
	}
	ctx, cancel := context.WithTimeout(t.Context(), pause/2)
	defer cancel()
	if err := s.Ping(ctx); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
}

// What was allowed for one range, and not for another, leaves none of them waiting for it.
func TestLeaveIsGivenBack(t *testing.T) {
	s := open(t, at(redistest.Start(t)))
	b := (*ready(t, s)).B()
	s.breakers = nil
	for range ranges {
		s.breakers = append(s.breakers, newBreaker(1))
	}
	first, second := "k", ""
	of := func(key string) int { return s.rangeOf(b.Getrange().Key(s.key(key)).Start(0).End(0).Build()) }
	for second = "l"; of(first) == of(second); second += "l" {
	}
	for _, key := range []string{first, second} {
		done, _ := s.breakers[of(key)].Allow()
		done(errLate)
	}
	redistest.Eventually(t, "half open", func() bool { return s.breakers[of(second)].State() == gobreaker.StateHalfOpen })
	tries, _ := s.breakers[of(second)].Allow()
	if _, err := s.Get(t.Context(), first, second); !errors.Is(err, ErrDown) {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), first); err != nil {
		t.Error(err)
	}
	tries(nil)
	get(t, s, first, "", second, "")
}

// A command that is given up leaves nothing behind that waits for its answer, though nobody had Redis left alone.
func TestNothingPilesUp(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), func(o *Options) { o.Timeout, o.Connections = 20*time.Millisecond, 8 })
	s.breakers[0] = newBreaker(1e9)
	redistest.Eventually(t, "connected", func() bool { return s.Ping(t.Context()) == nil })
	before := runtime.NumGoroutine()
	server.Pause()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.Get(t.Context(), "k"); err == nil {
					t.Error("answered")
				}
			}
		})
	}
	wg.Wait()
	if n := runtime.NumGoroutine(); n > before+8+5 { // the eight may not have ended yet
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// While one command tries whether Redis is back, all others are refused.
func TestOneTries(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), func(o *Options) { o.Timeout = 300 * time.Millisecond })
	set(t, s, "k", "record")
	server.Pause()
	goesDown(t, s, "no answer")
	redistest.Eventually(t, "half open", func() bool { return s.breakers[0].State() == gobreaker.StateHalfOpen })
	var tries, refused atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "k"); errors.Is(err, ErrDown) {
				refused.Add(1)
			} else {
				tries.Add(1)
			}
		})
	}
	wg.Wait()
	if tries.Load() != 1 || refused.Load() != 99 {
		t.Errorf("%d tried, %d were refused", tries.Load(), refused.Load())
	}
}

// Answers that come after their command was given up belong to nobody.
func TestLateAnswers(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), func(o *Options) { o.Timeout, o.Connections = 20*time.Millisecond, 4 })
	s.breakers[0] = newBreaker(1e9)
	keys := make([]string, 16)
	for i := range keys {
		keys[i] = rand.Text()
		redistest.Eventually(t, "set", func() bool {
			return s.Set(t.Context(), keys[i], []byte(strings.Repeat(keys[i], 1+i*100)), time.Hour) == nil
		})
	}
	var late, right atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			want := []byte(strings.Repeat(key, 1+i*100))
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+n%20)*time.Millisecond)
				records, err := s.Get(ctx, key)
				cancel()
				switch {
				case err != nil:
					late.Add(1)
				case !bytes.Equal(records[0], want):
					t.Errorf("another answer: %.30q", records[0])
				default:
					right.Add(1)
				}
			}
		})
	}
	for range 10 {
		n, m := late.Load(), right.Load()
		server.Pause()
		redistest.Eventually(t, "commands are given up", func() bool { return late.Load() > n+20 })
		server.Resume()
		redistest.Eventually(t, "commands are answered", func() bool { return right.Load() > m+200 })
	}
	close(stop)
	wg.Wait()
}

// The context's end ends a command that Redis does not answer.
func TestContextEnds(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server), func(o *Options) { o.Timeout = time.Hour })
	set(t, s, "k", "record")
	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("get: %v", err)
	}
}

// Who has less patience is done first, though nothing else bounds either.
func TestTimeout(t *testing.T) {
	server := redistest.Start(t)
	quick := open(t, at(server), func(o *Options) { o.Timeout = 50 * time.Millisecond })
	slow := open(t, at(server), func(o *Options) { o.Timeout = 600 * time.Millisecond })
	for _, s := range []*Store{quick, slow} {
		redistest.Eventually(t, "connected", func() bool { return s.Ping(t.Context()) == nil })
	}
	server.Pause()
	done := make(chan *Store, 2)
	for _, s := range []*Store{slow, quick} {
		go func() {
			if _, err := s.Get(context.Background(), "k"); err == nil {
				t.Error("answered")
			}
			done <- s
		}()
	}
	if first := <-done; first != quick {
		t.Error("the slow one was first")
	}
	<-done
}

// A full Redis that evicts takes everything; one that does not refuses writes, which is no reason to ask it nothing.
func TestFull(t *testing.T) {
	fill := func(s *Store) (refused int) {
		for i := range 400 {
			if err := s.Set(t.Context(), fmt.Sprint(i), make([]byte, 16<<10), time.Hour); err != nil {
				if !strings.Contains(err.Error(), "OOM") {
					t.Error(err)
				}
				refused++
			}
		}
		return refused
	}
	evicts := redistest.Start(t, "--maxmemory", "5mb", "--maxmemory-policy", "allkeys-lru")
	s := open(t, at(evicts))
	if n := fill(s); n > 0 {
		t.Errorf("%d were refused", n)
	}
	left := 0
	for i := range 400 {
		records, err := s.Get(t.Context(), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if records[0] != nil {
			left++
		}
	}
	if left == 0 || left == 400 {
		t.Errorf("%d of 400 are left", left)
	}
	keeps := redistest.Start(t, "--maxmemory", "5mb", "--maxmemory-policy", "noeviction")
	s = open(t, at(keeps))
	if n := fill(s); n < 2*trip {
		t.Errorf("%d were refused", n)
	}
	if records, err := s.Get(t.Context(), "0"); err != nil || len(records[0]) != 16<<10 {
		t.Errorf("get: %v", err)
	}
	if err := s.Delete(t.Context(), "0"); err != nil {
		t.Error(err)
	}
}

// No error tells more than it must, whatever the client and Redis say.
func TestErrorsCarryNothing(t *testing.T) {
	const password, key, record = "hunter2hunter2", "key-of-somebody", "a-record"
	server := redistest.Start(t, strings.Fields("--user default on nopass ~* +@all --user weak on >"+password+" ~nothing +@all")...)
	var less []string
	for _, command := range strings.Fields("getrange set eval unlink ping") {
		less = append(less, "--rename-command", command, "")
	}
	incapable := redistest.Start(t, less...)
	paused := redistest.Start(t)
	var texts []string
	for name, o := range map[string]Options{
		"no user":         {URL: "redis://nobody:" + password + "@" + server.Addr},
		"wrong password":  {URL: "redis://weak:" + password + "x@" + server.Addr},
		"no rights":       {URL: "redis://weak:" + password + "@" + server.Addr},
		"no such db":      {URL: "redis://weak:" + password + "@" + server.Addr + "/99"},
		"no cluster":      {URL: "redis://weak:" + password + "@" + server.Addr + ",127.0.0.1:1?cluster=true"},
		"no sentinel":     {URL: "redis+sentinel://weak:" + password + "@" + server.Addr + "?master=main"},
		"no TLS":          {URL: "rediss://weak:" + password + "@" + server.Addr},
		"nothing there":   {URL: "redis://weak:" + password + "@127.0.0.1:1"},
		"no such socket":  {URL: "unix://weak:" + password + "@/nowhere"},
		"no such host":    {URL: "redis://weak:" + password + "@nowhere.invalid"},
		"no password":     {URL: "redis://weak@" + server.Addr, Password: func() (string, error) { return "", errors.New(password) }},
		"none, sentinels": {URL: "redis+sentinel://weak@" + server.Addr + "?master=main", Password: func() (string, error) { return "", errors.New(password) }},
		"hangs":           {URL: "redis://" + paused.Addr},
		"no commands":     {URL: "redis://" + incapable.Addr},
	} {
		s := open(t, o.URL, func(p *Options) { p.Password = o.Password; p.Timeout = 200 * time.Millisecond })
		if name == "hangs" {
			set(t, s, key, record)
			paused.Pause()
		}
		_, err1 := s.Get(t.Context(), key)
		_, _, err2 := s.Log("log").Append(t.Context(), []byte(record))
		errs := []error{err1, err2, s.Set(t.Context(), key, []byte(record), time.Hour), s.Delete(t.Context(), key), s.Ping(t.Context())}
		for i, err := range errs {
			if err == nil && (name != "no rights" || i != 4) {
				t.Errorf("%s: call %d succeeded", name, i)
			}
			texts = append(texts, fmt.Sprintf("%s: %+v %#v", name, err, err))
		}
		texts = append(texts, fmt.Sprintf("%v", s))
		t.Logf("%s: %v", name, err1)
	}
	for _, text := range texts {
		for _, secret := range []string{password, key, record} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", secret, text)
			}
		}
	}
}

// Of what Redis and the client say, codes and texts that are known are told, and nothing else.
func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		text, why string
		dead      bool
	}{
		{"LOADING Redis is loading hunter2", "Redis answered LOADING: it is loading its data", true},
		{"WRONGPASS hunter2", "Redis answered WRONGPASS: the store, or a sentinel, does not take user and password", true},
		{"ERR The user executing the script can't run this command or subcommand script: hunter2", "Redis answered NOPERM: the user may not do that: docs/scale.md lists the commands that the store's user needs, on the keys that begin with the prefix", false},
		{"OOM hunter2", "Redis answered OOM: it is full, and its maxmemory-policy evicts nothing that makes room", false},
		{"ERR unknown command 'hunter2'", "Redis answered an error: it lacks a command that redisstore needs, or was told to hide it", false},
		{"ERR hunter2", "Redis answered an error", false},
		{"HUNTER2 x", "Redis answered an error", false},
		{"hunter2", "Redis answered an error", false},
		{"", "Redis answered an error", false},
	} {
		if f := explainAnswer(tt.text); f.why != tt.why || f.dead != tt.dead {
			t.Errorf("%q: %+v", tt.text, f)
		}
	}
	for _, tt := range []struct {
		err error
		why string
	}{
		{errors.New("hunter2"), "no connection, or what answers there is no Redis"},
		{fmt.Errorf("hunter2: %w", io.EOF), "the connection broke"},
		{fmt.Errorf("hunter2: %w", context.DeadlineExceeded), "no answer in time"},
		{fmt.Errorf("hunter2: %w", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "connect: connection refused"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "hunter2", Name: "hunter2"}}, "connect: the host has no address"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "the connection broke"},
		{fmt.Errorf("hunter2: %w", &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), "it refuses the connection: tls: certificate required"},
		{fmt.Errorf("hunter2: %w", x509.UnknownAuthorityError{}), "the server's certificate does not verify: name the authority that issued it, or the host as the certificate has it"},
	} {
		if f := explain(tt.err); f.why != tt.why || !f.dead {
			t.Errorf("%v: %+v", tt.err, f)
		}
	}
}

// Close ends everything that Open and commands began, also while Redis hangs or is not there.
func TestClose(t *testing.T) {
	server := redistest.Start(t)
	hanging := redistest.Start(t)
	for name, tt := range map[string]struct {
		url  string
		with func(s *Store)
	}{
		"unused":       {at(server), func(*Store) {}},
		"used":         {at(server), func(s *Store) { set(t, s, "k", "record"); busy(t, s); s.Log("log").Since(t.Context(), "", 0) }},
		"hangs":        {at(hanging), func(s *Store) { set(t, s, "k", "record"); hanging.Pause(); s.Get(t.Context(), "k") }},
		"not there":    {"redis://127.0.0.1:1", func(s *Store) { s.Ping(t.Context()) }},
		"no sentinels": {"redis+sentinel://127.0.0.1:1,127.0.0.1:2?master=main", func(s *Store) { s.Ping(t.Context()) }},
		"no cluster":   {"redis://127.0.0.1:1,127.0.0.1:2?cluster=true", func(s *Store) { s.Ping(t.Context()) }},
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			s := open(t, tt.url, impatient)
			tt.with(s)
			s.Close()
			s.Close()
			if len(s.slots) != cap(s.slots) {
				t.Error("commands may be under way")
			}
			if err := s.Ping(t.Context()); err == nil {
				t.Error("it answers")
			}
			redistest.Eventually(t, "no goroutine is left", func() bool { return goleak.Find(before) == nil })
		})
	}
}

// What is under way when Close is called ends as if it were not.
func TestCloseWaits(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, at(server))
	var wg sync.WaitGroup
	begun := make(chan struct{}, 1000)
	for range 20 {
		wg.Go(func() {
			for {
				begun <- struct{}{}
				if records, err := s.Get(t.Context(), "k"); err != nil {
					if !strings.Contains(err.Error(), "closed") {
						t.Error(err)
					}
					return
				} else if records[0] != nil {
					t.Error("a record")
				}
				<-begun
			}
		})
	}
	redistest.Eventually(t, "all ask", func() bool { return len(begun) > 10 })
	s.Close()
	wg.Wait()
}
