// Package redisstore keeps records and logs in Redis or Valkey: one server, one that sentinels watch, or a Cluster.
//
// It holds the promises of a Store and a PurgeLog of package bearcache, without importing it. What it is given it takes for
// opaque: keys and records should be sealed by whoever calls it. Redis's clock is used for nothing but the lifetime of
// a record, which a step of that clock may lengthen: what must not be used later says so itself.
//
// On a server with access lists the user needs
//
//	~bearcache:* +getrange +set +unlink +ping +eval +hmget +hset +del +xadd +xrange +xrevrange
//
// with the prefix of Options.Prefix, +wait for Options.Replicas, +select for a database other than 0, +cluster|slots and
// +cluster|shards in a Cluster, and +role behind sentinels.
package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
	"github.com/sony/gobreaker/v2"
)

// Options says where Redis is and how long to wait for it. Printing them shows neither password nor user.
type Options struct {
	// URL is one of
	//
	//	redis://[user[:password]@]host[:6379][/database]
	//	redis://[user[:password]@]host[:6379],host[:6379]...?cluster=true
	//	redis+sentinel://[user[:password]@]host[:26379],...[/database]?master=NAME
	//	unix://[user[:password]@]/path/of/socket[?db=database]
	//
	// with rediss and rediss+sentinel for TLS, to the sentinels too, and valkey and valkeys for redis and rediss. A password
	// without a user is written :password@. Characters that have a meaning in URLs are percent-encoded in it.
	// User and password are those of the master, not of the sentinels.
	URL string

	// Password returns the password, in place of one in the URL. It is asked for each connection, so that it may change,
	// but behind sentinels once for each attempt to find the master for the first time. Nil: that of the URL.
	Password func() (string, error)

	// SentinelPassword is that of the sentinels' default user. Nil: they want none.
	SentinelPassword func() (string, error)

	// Prefix begins each key, so that several caches can share a Redis. It has letters, digits and - _ . : only. Empty means bearcache.
	Prefix string

	// TLS is for URLs that ask for TLS. Nil means the system's certificates and TLS 1.2 or newer.
	TLS *tls.Config

	// Timeout bounds each command, connecting included, and with the transfer of its records: a record of 1 MiB takes 8 ms
	// at 1 Gbit/s. A context that ends sooner bounds it further; one that is cancelled in the middle may be noticed only
	// at the end of Timeout. Zero means 100 ms.
	Timeout time.Duration

	// Connections bounds the connections to each server, and the commands under way. Further ones wait, within their
	// Timeout. Zero means 32.
	Connections int

	// MaxRecord bounds a record in bytes. A longer one is refused by Set, and absent for Get. Zero means 64 MiB.
	MaxRecord int

	// LogLength is how many entries a log keeps. All that share it should have the same. Zero means 65,536.
	LogLength int

	// Replicas is how many replicas must have received an entry before Append returns without an error. It narrows, and does not
	// close, the gap through which a failover loses entries: see Log. Append then takes up to Timeout longer, and some
	// 200 ms where Redis notices late that it waited too long. Zero waits for none.
	Replicas int
}

// Check returns what Open would refuse. It connects to nothing.
func (o Options) Check() error {
	_, err := o.location()
	return err
}

// location is what the URL says, if the options make sense.
func (o Options) location() (location, error) {
	at, err := parse(o.URL)
	if err != nil {
		return at, fmt.Errorf("redisstore: %w", err)
	}
	switch {
	case len(o.Prefix) > 100 || strings.ContainsFunc(o.Prefix, func(c rune) bool { return c != ':' && !strings.ContainsRune(hostCharacters, c) }):
		return at, errors.New("redisstore: the prefix has other characters than letters, digits and - _ . : or more than 100")
	case o.TLS != nil && !at.tls:
		return at, errors.New("redisstore: there is a TLS configuration for a URL without TLS: write rediss://")
	case o.Password != nil && at.password != "":
		return at, errors.New("redisstore: there are two passwords, one in the URL and one in Password: remove one")
	case o.SentinelPassword != nil && at.master == "":
		return at, errors.New("redisstore: there is a password for sentinels and none of them: write redis+sentinel://")
	case o.Timeout < 0 || o.Connections < 0 || o.MaxRecord < 0 || o.LogLength < 0 || o.Replicas < 0:
		return at, errors.New("redisstore: a negative number in the options")
	}
	return at, nil
}

// Format shows neither what the URL says before the host nor the functions.
func (o Options) Format(f fmt.State, _ rune) {
	where := "an invalid URL"
	if at, err := parse(o.URL); err == nil {
		where = at.String()
	}
	fmt.Fprintf(f, "{%s prefix %q timeout %v}", where, o.Prefix, o.Timeout)
}

// Store is a Store of package bearcache, in Redis. Its methods may be called by several goroutines.
type Store struct {
	prefix    string
	timeout   time.Duration
	maxRecord int
	logLength int
	replicas  int
	where     string

	client atomic.Pointer[rueidis.Client] // nil until the first connection
	tried  chan struct{}                  // closed when the first attempt to connect has ended
	life   context.Context                // until Close
	end    context.CancelFunc
	closed sync.Once
	loop   sync.WaitGroup
	slots  chan struct{} // one element for each command under way
	// breakers has one for all, or in a Cluster one for each range of slots: a master that hangs is none of the others'.
	breakers []*gobreaker.TwoStepCircuitBreaker[struct{}]
	last     lastFault

	mu   sync.Mutex // guards logs
	logs map[string]*Log
}

const (
	ranges      = 16              // of 1,024 slots each, in a Cluster
	trip        = 5               // failures in a row after which Redis is left alone
	pause       = time.Second     // for that long; then one command tries
	dialTimeout = time.Second     // of connections that no command waits for
	refresh     = 2 * time.Second // how often sentinels and Cluster are asked who the masters are
)

// Open returns a Store at once, whether Redis is there or not: it connects in the background, and again when the
// connection was lost. It returns an error if the options contradict themselves. Close ends it.
func Open(o Options) (*Store, error) {
	at, err := o.location()
	if err != nil {
		return nil, err
	}
	if o.Prefix == "" {
		o.Prefix = "bearcache"
	}
	s := &Store{
		prefix:    o.Prefix,
		timeout:   orElse(o.Timeout, 100*time.Millisecond),
		maxRecord: orElse(o.MaxRecord, 64<<20),
		logLength: orElse(o.LogLength, 65536),
		replicas:  o.Replicas,
		where:     at.String(),
		tried:     make(chan struct{}),
		slots:     make(chan struct{}, orElse(o.Connections, 32)),
		logs:      map[string]*Log{},
	}
	s.last.set(&fault{why: "no connection yet"})
	s.life, s.end = context.WithCancel(context.Background())
	s.breakers = make([]*gobreaker.TwoStepCircuitBreaker[struct{}], 1)
	if at.cluster {
		s.breakers = make([]*gobreaker.TwoStepCircuitBreaker[struct{}], ranges)
	}
	for i := range s.breakers {
		s.breakers[i] = newBreaker(trip)
	}
	s.loop.Go(func() { s.connect(s.clientOptions(o, at), o) })
	return s, nil
}

func newBreaker(trip uint32) *gobreaker.TwoStepCircuitBreaker[struct{}] {
	return gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= trip },
		IsSuccessful: func(err error) bool { f, ok := err.(*fault); return !ok || !f.dead },
		IsExcluded:   func(err error) bool { return err == context.Canceled },
	})
}

func orElse[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// clientOptions asks for a client that gives each command under way a connection of its own. So a large record
// holds up nobody else, and a command that runs out of time takes its connection with it: its late answer cannot be taken for
// that of the next, nothing waits for it, and what hangs is bounded by the number of connections.
func (s *Store) clientOptions(o Options, at location) rueidis.ClientOption {
	option := rueidis.ClientOption{
		InitAddress:           at.hosts,
		Username:              at.user,
		Password:              at.password,
		SelectDB:              at.db,
		ForceSingleClient:     !at.cluster && at.master == "",
		Dialer:                net.Dialer{Timeout: dialTimeout, KeepAlive: time.Second},
		ConnWriteTimeout:      max(dialTimeout, s.timeout),
		BlockingPoolSize:      cap(s.slots),
		DisableAutoPipelining: true,
		PipelineMultiplex:     -1, // the one shared connection to each server is for pings and news only
		RingScaleEachConn:     6,
		ReadBufferEachConn:    16 << 10,
		WriteBufferEachConn:   16 << 10,
		DisableCache:          true, // no CLIENT TRACKING
		ClientSetInfo:         rueidis.DisableClientSetInfo,
		RetryDelay:            s.retry,
	}
	network := "tcp"
	if at.socket != "" {
		network, option.InitAddress = "unix", []string{at.socket}
	}
	if at.tls {
		if option.TLSConfig = o.TLS; o.TLS == nil {
			option.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	option.DialCtxFn = func(ctx context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		defer context.AfterFunc(s.life, cancel)() // Close need not wait for a host that does not answer
		if config != nil {
			return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, network, address)
		}
		return dialer.DialContext(ctx, network, address)
	}
	if o.Password != nil && at.master == "" {
		user := at.user
		option.AuthCredentialsFn = func(rueidis.AuthCredentialsContext) (rueidis.AuthCredentials, error) {
			password, err := o.Password()
			if err != nil {
				return rueidis.AuthCredentials{}, errPassword
			}
			return rueidis.AuthCredentials{Username: user, Password: password}, nil
		}
	}
	option.ClusterOption = rueidis.ClusterOption{ShardsRefreshInterval: refresh, MaxMovedRedirections: 5}
	option.Sentinel = rueidis.SentinelOption{
		Dialer: option.Dialer, TLSConfig: option.TLSConfig, MasterSet: at.master, TopologyRefreshInterval: refresh,
	}
	return option
}

// retry says after how long a command that may be repeated is repeated. Each idle connection may have been closed by the
// other side without anybody noticing, after a restart all of them: then the next one is tried, and at last a new one.
// Where connecting itself fails, or Redis answers, there is nothing to repeat.
func (s *Store) retry(attempts int, _ rueidis.Completed, err error) time.Duration {
	if attempts > cap(s.slots) || !broke(err) {
		return -1
	}
	return 0
}

// connect makes a client, which keeps itself connected from then on.
func (s *Store) connect(option rueidis.ClientOption, o Options) {
	var once sync.Once
	defer once.Do(func() { close(s.tried) })
	for {
		client, err := s.newClient(option, o)
		if err == nil {
			s.client.Store(&client)
			return
		}
		s.last.set(explain(err))
		once.Do(func() { close(s.tried) })
		again := time.NewTimer(pause)
		select {
		case <-s.life.Done():
			again.Stop()
			return
		case <-again.C:
		}
	}
}

func (s *Store) newClient(option rueidis.ClientOption, o Options) (rueidis.Client, error) {
	if option.Sentinel.MasterSet != "" { // where AuthCredentialsFn would be asked for the sentinels too
		var err error
		if o.Password != nil {
			option.Password, err = o.Password()
		}
		if o.SentinelPassword != nil && err == nil {
			option.Sentinel.Password, err = o.SentinelPassword()
		}
		if err != nil {
			return nil, errPassword
		}
	}
	client, err := rueidis.NewClient(option)
	if err != nil && client != nil {
		client.Close()
	}
	return client, err
}

// Close ends all connections and goroutines of s; a few timers that the client has in a Cluster end some seconds later.
// Commands under way end first, within their Timeout, but for those that have no connection yet: these fail, as all later ones do.
func (s *Store) Close() {
	s.closed.Do(func() {
		s.end()
		s.loop.Wait()
		for range cap(s.slots) { // none is given back: nothing begins any more
			s.slots <- struct{}{}
		}
		if client := s.client.Load(); client != nil {
			(*client).Close()
		}
	})
}

// String is where Redis is, without user and password.
func (s *Store) String() string { return s.where }

// do asks Redis something, within all bounds, and returns one answer for each command, if none is an error. Where the last of
// them waits for the others, for as long, all go through one connection, whatever a Cluster says about where they should.
func (s *Store) do(ctx context.Context, what string, wait time.Duration, build func(b rueidis.Builder) rueidis.Commands) ([]rueidis.RedisResult, error) {
	answers, err := s.try(ctx, wait, build)
	if err != nil && !errors.Is(err, ErrDown) {
		err = fmt.Errorf("redisstore: %s: %w", what, err)
	}
	return answers, err
}

var (
	errClosed = errors.New("the store is closed")
	errBusy   = errors.New("all connections are busy: raise Options.Connections, or Timeout")
)

func (s *Store) try(ctx context.Context, wait time.Duration, build func(b rueidis.Builder) rueidis.Commands) ([]rueidis.RedisResult, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	commands := build((*client).B())
	if s.open(commands) {
		return nil, s.last.err()
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, s.timeout+wait)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-s.life.Done():
		return nil, errClosed
	case <-ctx.Done():
		if err := outer.Err(); err != nil {
			return nil, err
		}
		return nil, errBusy
	}
	allowed, ok := s.allow(commands)
	if !ok {
		return nil, s.last.err()
	}
	defer func() { allowed.finish() }()
	answers := s.ask(ctx, *client, wait > 0, commands)
	for i, answer := range answers {
		if failure := s.failure(answer.Error()); failure != nil {
			err = failure
			allowed.failed(s.rangeOf(commands[i]), failure)
		}
	}
	switch {
	case err == nil:
		return answers, nil
	case outer.Err() != nil:
		return nil, outer.Err()
	case err == errLate && ends(outer, ctx): // the connection's clock was faster than the context's
		return nil, context.DeadlineExceeded
	case err == context.Canceled: // not by the caller: while it connected
		return nil, errClosed
	}
	return nil, err
}

// connected is the client. It waits for the very first attempt to connect, for no later one.
func (s *Store) connected(ctx context.Context) (*rueidis.Client, error) {
	if s.life.Err() != nil {
		return nil, errClosed
	}
	if client := s.client.Load(); client != nil {
		return client, nil
	}
	wait := time.NewTimer(s.timeout)
	defer wait.Stop()
	select {
	case <-s.tried:
	case <-wait.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if client := s.client.Load(); client != nil {
		return client, nil
	}
	return nil, s.last.err()
}

func (s *Store) ask(ctx context.Context, c rueidis.Client, together bool, commands rueidis.Commands) (answers []rueidis.RedisResult) {
	if together && len(s.breakers) > 1 {
		c.Dedicated(func(d rueidis.DedicatedClient) error {
			answers = d.DoMulti(ctx, commands...)
			return nil
		})
		return answers
	}
	return c.DoMulti(ctx, commands...)
}

// failure is what an error of the client means for us and the breaker.
func (s *Store) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled): // noticed before anything was sent: it says nothing about Redis
		return context.Canceled
	}
	f := explain(err)
	if f.dead {
		s.last.set(f)
	}
	return f
}

// ends reports whether inner, made of outer, has its deadline.
func ends(outer, inner context.Context) bool {
	theirs, ok := outer.Deadline()
	ours, _ := inner.Deadline()
	return ok && !theirs.After(ours)
}

func (s *Store) rangeOf(c rueidis.Completed) int {
	const perRange = 1 << 14 / ranges
	return int(c.Slot()%(1<<14)) / perRange % len(s.breakers)
}

// open reports whether a command would not be allowed, without asking for leave.
func (s *Store) open(commands rueidis.Commands) bool {
	for _, c := range commands {
		if s.breakers[s.rangeOf(c)].State() == gobreaker.StateOpen {
			return true
		}
	}
	return false
}

// leave is what the breakers of some ranges gave, and are told in the end.
type leave struct {
	done [ranges]func(error)
	errs [ranges]error
}

// allow asks the breaker of each range once for leave, of all or none.
func (s *Store) allow(commands rueidis.Commands) (l leave, ok bool) {
	for _, c := range commands {
		i := s.rangeOf(c)
		if l.done[i] != nil {
			continue
		}
		done, err := s.breakers[i].Allow()
		if err != nil {
			for i := range l.errs {
				l.errs[i] = context.Canceled
			}
			l.finish()
			return l, false
		}
		l.done[i] = done
	}
	return l, true
}

func (l *leave) failed(i int, err error) { l.errs[i] = err }

func (l *leave) finish() {
	for i, done := range l.done {
		if done != nil {
			done(l.errs[i])
		}
	}
}

// Ping asks whether Redis answers; of a Cluster, one node.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.do(ctx, "ping", 0, func(b rueidis.Builder) rueidis.Commands {
		return rueidis.Commands{b.Ping().Build().ToRetryable()}
	})
	return err
}

// mark begins each stored value. So an empty record is not an absent one to GETRANGE, which is asked in place of GET
// because it bounds what comes back: what stands under a key may be written by somebody else.
const mark = 'r'

func (s *Store) key(k string) string { return s.prefix + ":r:" + k }

// Get returns one element per key, in order; nil where the key is absent, or holds what Set cannot have written.
func (s *Store) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, ctx.Err()
	}
	answers, err := s.do(ctx, "get", 0, func(b rueidis.Builder) rueidis.Commands {
		commands := make(rueidis.Commands, len(keys))
		for i, k := range keys { // one by one, for in a Cluster they are on several nodes
			commands[i] = b.Getrange().Key(s.key(k)).Start(0).End(int64(s.maxRecord) + 1).Build()
		}
		return commands
	})
	if err != nil {
		return nil, err
	}
	records := make([][]byte, len(keys))
	for i, answer := range answers {
		if value, _ := answer.AsBytes(); len(value) > 0 && value[0] == mark && len(value) <= 1+s.maxRecord {
			records[i] = value[1:]
		}
	}
	return records, nil
}

// Set stores a record for ttl, in whole milliseconds; one of less than a millisecond is not stored, and what stood under the key is
// deleted. If Set returns an error the record may have been stored, or still be.
func (s *Store) Set(ctx context.Context, key string, record []byte, ttl time.Duration) error {
	if len(record) > s.maxRecord {
		return fmt.Errorf("redisstore: set: the record has %d bytes, more than the %d of Options.MaxRecord", len(record), s.maxRecord)
	}
	if ttl < time.Millisecond {
		return s.Delete(ctx, key)
	}
	value := make([]byte, 1+len(record))
	value[0] = mark
	copy(value[1:], record)
	_, err := s.do(ctx, "set", 0, func(b rueidis.Builder) rueidis.Commands {
		return rueidis.Commands{b.Set().Key(s.key(key)).Value(rueidis.BinaryString(value)).PxMilliseconds(ttl.Milliseconds()).Build().ToRetryable()}
	})
	return err
}

// Delete deletes what stands under keys; those that are absent do not matter. If it returns an error some may be deleted.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return ctx.Err()
	}
	_, err := s.do(ctx, "delete", 0, func(b rueidis.Builder) rueidis.Commands {
		commands := make(rueidis.Commands, len(keys))
		for i, k := range keys {
			commands[i] = b.Unlink().Key(s.key(k)).Build().ToRetryable()
		}
		return commands
	})
	return err
}
