package bearer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	zeroRefresh  = 5 * time.Minute
	zeroMaxStale = time.Hour
	unknownEvery = 15 * time.Second // how often unknown names and wrong signatures have the set fetched, at most
	fileRefresh  = 5 * time.Second
	fileUnknown  = time.Second
)

// RemoteKeys are the keys that an issuer publishes as a JWK Set, RFC 7517 §5. They are fetched when first needed,
// so the issuer may be down until then; as long as it is, Find's errors wrap ErrUnavailable. Fields must not
// be changed after the first use. Close ends what is under way.
//
// A token with a kid that is not in the set, or whose signature is wrong, has it fetched, every 15 seconds at most for all
// of them: so a new key counts at once, also one without a kid or under an old one, and whoever makes tokens up costs
// little. A set without any key of use is none: it counts as one that could not be fetched. A key that is no longer in the set counts no longer than Refresh,
// and longer only while the set cannot be fetched, until MaxStale. Of a set, public RSA, EC and Ed25519 keys for
// signatures are taken, and others left out: symmetric and private ones among them, since they were published.
type RemoteKeys struct {
	// URL is where the set is: https, or http on this machine. Redirects are followed within its origin.
	URL string

	// Discovery says where the set is, if URL is empty.
	Discovery *Discovery

	// Refresh is how old a set may be. A tenth before that it is fetched again, and who asks after it waits for that, once if it
	// fails. Zero means 5 minutes.
	Refresh time.Duration

	// MaxStale is how old a set may be that could not be fetched again. Zero means an hour: many tokens live
	// no longer, and an issuer that is down issues no others.
	MaxStale time.Duration

	// Client sends the requests, except that it follows redirects as said. Nil means one like
	// http.DefaultClient.
	Client *http.Client

	// Log is told when fetching begins to fail, and when it works again. Nil means slog.Default().
	Log *slog.Logger

	once    sync.Once
	invalid error
	client  *http.Client
	source  source[[]Key]
	health  health
	skipped health
}

// Check says what is wrong with the fields.
func (k *RemoteKeys) Check() error {
	if (k.URL == "") == (k.Discovery == nil) {
		return errors.New("bearer: RemoteKeys need a URL or a Discovery, and not both")
	}
	if k.Discovery != nil {
		return k.Discovery.Check()
	}
	if _, err := endpoint(k.URL); err != nil {
		return fmt.Errorf("bearer: the URL of RemoteKeys cannot be used: %w", err)
	}
	return nil
}

func (k *RemoteKeys) init() error {
	k.once.Do(func() {
		k.invalid = k.Check()
		k.client = clientFor(k.Client, true)
		k.source.fetch = k.fetch
		k.source.report = func(err error) {
			if !told(err) {
				k.health.note(k.Log, "fetching keys", err)
			}
		}
		k.source.refresh, k.source.maxStale = orElse(k.Refresh, zeroRefresh), orElse(k.MaxStale, zeroMaxStale)
		k.source.start()
	})
	return k.invalid
}

func orElse(d, zero time.Duration) time.Duration {
	if d <= 0 {
		return zero
	}
	return d
}

func (k *RemoteKeys) fetch(ctx context.Context) ([]Key, error) {
	if k.Discovery == nil {
		return k.fetchFrom(ctx, k.URL, placeOf(k.URL))
	}
	m, err := k.Discovery.Metadata(ctx)
	if err != nil {
		return nil, undiscovered{err}
	}
	keys, err := k.fetchFrom(ctx, m.JWKSURI, theJWKSURI)
	if err == nil && !k.source.early() {
		return keys, nil
	}
	// The set may have moved: where it cannot be had, and where a token wants another key than it has, for the old place may go on answering.
	// Keys that are in hand do not wait long for that.
	if err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, movedPatience)
		defer cancel()
	}
	if moved, _ := k.Discovery.recent(ctx); moved != nil && moved.JWKSURI != m.JWKSURI {
		return k.fetchFrom(ctx, moved.JWKSURI, theJWKSURI)
	}
	return keys, err
}

// movedPatience is how long keys that were just fetched wait for metadata that may name another place.
const movedPatience = time.Second

// theJWKSURI is what errors call an endpoint that the issuer named: what it named they do not repeat.
const theJWKSURI = "the jwks_uri of the issuer's metadata"

func (k *RemoteKeys) fetchFrom(ctx context.Context, u, name string) ([]Key, error) {
	if u == "" {
		return nil, errors.New("the issuer's metadata has no jwks_uri")
	}
	data, err := document(ctx, k.client, u, name)
	if err != nil {
		return nil, err
	}
	keys, skipped, err := readKeySet(data)
	if err != nil {
		return nil, err
	}
	k.skipped.note(k.Log, "taking all keys of a set", skippedError(skipped, len(keys)))
	return keys, nil
}

// skippedError is what an operator should know of a set; nil: nothing.
func skippedError(skipped, taken int) error {
	if skipped == 0 {
		return nil
	}
	return fmt.Errorf("%d keys verify no tokens and are left out, %d are taken", skipped, taken)
}

// Find implements Keys.
func (k *RemoteKeys) Find(ctx context.Context, kid string) ([]Key, error) {
	if err := k.init(); err != nil {
		return nil, err
	}
	return find(ctx, &k.source, kid, unknownEvery)
}

// Recent is Find in a set that is 15 seconds old at most, unless it cannot be fetched. Together with the unknown kids
// that Find is asked for it costs one request in that time, however often it is asked.
func (k *RemoteKeys) Recent(ctx context.Context, kid string) ([]Key, error) {
	if err := k.init(); err != nil {
		return nil, err
	}
	return recent(ctx, &k.source, kid, unknownEvery)
}

// find looks a key up, and once more in a newer set where it is not in this one.
func find(ctx context.Context, s *source[[]Key], kid string, every time.Duration) ([]Key, error) {
	keys, err := s.get(ctx)
	if err != nil {
		return nil, err
	}
	if kid == "" || len(filter(keys, kid)) > 0 {
		return named(keys, kid), nil
	}
	return recent(ctx, s, kid, every)
}

// recent looks a key up in a set that is as new as it may be had.
func recent(ctx context.Context, s *source[[]Key], kid string, every time.Duration) ([]Key, error) {
	keys, current, err := s.recent(ctx, every)
	if err != nil {
		return nil, err
	}
	found := named(keys, kid)
	if (len(found) == 0 || kid == "") && !current { // it may be a new key, and nobody answers who could tell
		return nil, fmt.Errorf("%w: the set of keys is old, and fetching it fails", ErrUnavailable)
	}
	return found, nil
}

// Ready fetches the keys if that was not done yet, and says why there are none.
func (k *RemoteKeys) Ready(ctx context.Context) error {
	if err := k.init(); err != nil {
		return err
	}
	_, err := k.source.get(ctx)
	return err
}

// Close ends what is under way and waits for it. Find fails from then on. It does not close Discovery.
func (k *RemoteKeys) Close() error {
	k.init()
	k.source.close()
	if k.Client == nil {
		k.client.CloseIdleConnections()
	}
	return nil
}

// KeyFile are the keys in a file: a JWK Set, or public keys in PEM (PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE). It
// is read when first needed, and again every 5 seconds while somebody asks, so that a file that is replaced counts soon;
// replace it by renaming, or half of it may be read. As long as it cannot be read, what was read last goes on for
// MaxStale. Fields must not be changed after the first use.
type KeyFile struct {
	// Path is where the file is.
	Path string

	// MaxStale is for how long keys are used whose file can no longer be read. Zero means an hour.
	MaxStale time.Duration

	// Log is told when reading begins to fail, and when it works again. Nil means slog.Default().
	Log *slog.Logger

	once    sync.Once
	source  source[[]Key]
	health  health
	skipped health
}

// Check says what is wrong with the fields, or why the file cannot be read now.
func (k *KeyFile) Check() error {
	_, _, err := k.read()
	return err
}

func (k *KeyFile) init() {
	k.once.Do(func() {
		k.source.fetch = func(context.Context) ([]Key, error) {
			keys, skipped, err := k.read()
			if err == nil {
				k.skipped.note(k.Log, "taking all keys of a file", skippedError(skipped, len(keys)))
			}
			return keys, err
		}
		k.source.report = func(err error) { k.health.note(k.Log, "reading keys", err) }
		k.source.refresh, k.source.maxStale = fileRefresh, orElse(k.MaxStale, zeroMaxStale)
		k.source.start()
	})
}

func (k *KeyFile) read() (keys []Key, skipped int, err error) {
	if info, err := os.Stat(k.Path); err != nil || !info.Mode().IsRegular() { // opening a pipe may never end
		return nil, 0, fmt.Errorf("bearer: open the file of keys: %w", cmp.Or(err, errors.New(k.Path+" is no regular file")))
	}
	file, err := os.Open(k.Path)
	if err != nil {
		return nil, 0, fmt.Errorf("bearer: open the file of keys: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxDocument+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("bearer: read the file of keys: %w", err)
	case len(data) > maxDocument:
		return nil, 0, fmt.Errorf("bearer: read %s: it has more than %d bytes", k.Path, maxDocument)
	}
	if keys, skipped, err = readKeyFile(data); err != nil {
		return nil, 0, fmt.Errorf("bearer: read %s: %w", k.Path, err)
	}
	return keys, skipped, nil
}

// Find implements Keys.
func (k *KeyFile) Find(ctx context.Context, kid string) ([]Key, error) {
	k.init()
	return find(ctx, &k.source, kid, fileUnknown)
}

// Recent is Find in a file that was read within the last second, unless it cannot be read.
func (k *KeyFile) Recent(ctx context.Context, kid string) ([]Key, error) {
	k.init()
	return recent(ctx, &k.source, kid, fileUnknown)
}

// Close ends what is under way and waits for it. Find fails from then on.
func (k *KeyFile) Close() error {
	k.init()
	k.source.close()
	return nil
}
