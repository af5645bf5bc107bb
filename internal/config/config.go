// Package config hides the configuration file: its YAML, its defaults, its errors with line and
// column, its JSON Schema, and the matching of its routes. It opens no file and no socket, and
// keeps no secret: the file says where a secret is, and reading it is the caller's.
//
// Every value of the file is a type that reads itself from text ([encoding.TextUnmarshaler]) and
// prints itself as it was written, so a flag and an environment variable obey the rules of the
// file, in the file's words. A pointer or slice that is nil was not written. The caller lays its
// sources over each other and checks the result once:
//
//	file.Serve = flags.Or(environment).Or(file.Serve).Or(config.Defaults())
//	err := file.Check()
package config

import (
	"fmt"
	"net"
	"slices"
	"time"
)

// File is one configuration file.
type File struct {
	Serve  Serve
	Verify Verify // absent: nobody verifies tokens
	Routes Routes
}

// Check finds the values that are well written and still make no sense, alone or beside each
// other. What is absent is not judged. The error is an [Errors] whose keys are those of the file;
// it has no lines, because a value may come from anywhere. Parse has checked a file by itself, but for what may need
// something from elsewhere: an open admin listener, and half of a client's certificate.
func (f File) Check() error {
	var all Errors
	for _, p := range slices.Concat(f.Serve.problems(), f.Serve.open(), f.Serve.halves(), f.problems()) {
		all = append(all, &Error{Key: p.key, Problem: p.problem})
	}
	return all.orNil()
}

// problems are those that no section has by itself, and those of verify.
func (f File) problems() []problem {
	if !f.Verify.Absent() {
		return slices.Concat(f.Verify.problems(), f.blind(), f.forged())
	}
	var all []problem
	const unverified = "needs verify: claims that nobody verified tell nobody apart; add it, or write token"
	if p := f.Serve.Partition; p != nil && p.breadth() > 0 {
		all = append(all, problem{"serve.partition", unverified})
	}
	for i, r := range f.Routes {
		if r.Partition != nil && r.Partition.breadth() > 0 {
			all = append(all, problem{fmt.Sprintf("routes[%d].partition", i), unverified})
		}
	}
	return all
}

// blind finds a verify that would see no token.
func (f File) blind() []problem {
	if f.Serve.Credentials == nil || slices.Contains(f.Serve.Credentials, "Authorization") {
		return nil
	}
	return []problem{{"serve.credentials", "leaves out Authorization, where verify finds the tokens; add it, or remove verify"}}
}

// forged finds tokens that would reach the origin past verify.
func (f File) forged() []problem {
	if f.Serve.URLTokens == nil || *f.Serve.URLTokens != URLTokensPass {
		return nil
	}
	return []problem{{"serve.url_tokens", "pass contradicts verify: the origin would be given tokens in URLs that nobody verified; write refuse, or remove verify"}}
}

// Serve configures the gateway. A nil field was not written.
type Serve struct {
	Upstream             *Upstream     `json:"upstream"`
	Listen               *Address      `json:"listen"`
	Admin                *AdminAddress `json:"admin"`
	AdminToken           *SecretRef    `json:"admin_token"`
	Store                *Store        `json:"store"`
	StorePassword        *SecretRef    `json:"store_password"`
	StorePrefix          *StorePrefix  `json:"store_prefix"`
	StoreCA              *Path         `json:"store_ca"`
	StoreCertificate     *Path         `json:"store_certificate"`
	StoreKey             *SecretRef    `json:"store_key"`
	SentinelPassword     *SecretRef    `json:"sentinel_password"`
	Partition            *Partition    `json:"partition"`
	AuthenticatedSharing *Sharing      `json:"authenticated_sharing"`
	Memory               *Size         `json:"memory"`
	MaxBody              *Size         `json:"max_body"`
	MaxTokenLength       *Size         `json:"max_token_length"`
	Realm                *Realm        `json:"realm"`
	Credentials          []FieldName   `json:"credentials"` // never empty but nil
	URLTokens            *URLTokens    `json:"url_tokens"`
	UpstreamTimeout      *Duration     `json:"upstream_timeout"`
	CredentialLifetime   *Duration     `json:"credential_lifetime"`
	Secret               *SecretRef    `json:"secret"`
	PreviousSecret       *SecretRef    `json:"previous_secret"`
	Log                  *LogFormat    `json:"log"`
}

// Defaults is what an empty file means. Upstream and Secret have no default: there is no origin to
// guess, and without a secret the gateway makes one that lives as long as its process.
func Defaults() Serve {
	return Serve{
		Listen:               new(Address(":8080")),
		Admin:                new(AdminAddress("127.0.0.1:8081")),
		Store:                new(Store),
		StorePrefix:          new(StorePrefix("bearcache")),
		Partition:            new(Partition),
		AuthenticatedSharing: new(SharingNever),
		Memory:               new(64 * MiB),
		MaxBody:              new(1 * MiB),
		MaxTokenLength:       new(Size(4096)),
		Realm:                new(Realm("api")),
		Credentials:          []FieldName{"Authorization", "Cookie", "X-Api-Key"},
		URLTokens:            new(URLTokensRefuse),
		UpstreamTimeout:      new(Duration(30 * time.Second)),
		CredentialLifetime:   new(Duration(24 * time.Hour)),
		Log:                  new(LogText),
	}
}

// Or is s where s says something, and otherwise what other says.
func (s Serve) Or(other Serve) Serve {
	fill(&s.Upstream, other.Upstream)
	fill(&s.Listen, other.Listen)
	fill(&s.Admin, other.Admin)
	fill(&s.AdminToken, other.AdminToken)
	fill(&s.Store, other.Store)
	fill(&s.StorePassword, other.StorePassword)
	fill(&s.StorePrefix, other.StorePrefix)
	fill(&s.StoreCA, other.StoreCA)
	fill(&s.StoreCertificate, other.StoreCertificate)
	fill(&s.StoreKey, other.StoreKey)
	fill(&s.SentinelPassword, other.SentinelPassword)
	fill(&s.Partition, other.Partition)
	fill(&s.AuthenticatedSharing, other.AuthenticatedSharing)
	fill(&s.Memory, other.Memory)
	fill(&s.MaxBody, other.MaxBody)
	fill(&s.MaxTokenLength, other.MaxTokenLength)
	fill(&s.Realm, other.Realm)
	fill(&s.URLTokens, other.URLTokens)
	fill(&s.UpstreamTimeout, other.UpstreamTimeout)
	fill(&s.CredentialLifetime, other.CredentialLifetime)
	fill(&s.Secret, other.Secret)
	fill(&s.PreviousSecret, other.PreviousSecret)
	fill(&s.Log, other.Log)
	if s.Credentials == nil {
		s.Credentials = slices.Clone(other.Credentials)
	}
	return s
}

func fill[T any](mine **T, other *T) {
	if *mine == nil {
		*mine = other
	}
}

// problem is something wrong with the value of a key.
type problem struct{ key, problem string }

func (s Serve) problems() []problem {
	var all []problem
	refuse := func(key, why string) {
		if why != "" {
			all = append(all, problem{"serve." + key, why})
		}
	}
	refuse("memory", s.Memory.outside(1*MiB, 1024*GiB))
	if s.MaxBody != nil && *s.MaxBody >= 2*GiB {
		refuse("max_body", fmt.Sprintf("%s is too much for one response; write less than 2GiB, such as 1GiB", s.MaxBody))
	} else {
		refuse("max_body", s.MaxBody.outside(1, 2*GiB))
	}
	// The upper bound is far below what net/http accepts in all fields of a request together; the
	// lower one refuses a length that no token has.
	refuse("max_token_length", s.MaxTokenLength.outside(16, 64*KiB))
	refuse("upstream_timeout", s.UpstreamTimeout.outside(Duration(time.Millisecond), Duration(time.Hour)))
	if s.Memory != nil && s.MaxBody != nil && *s.MaxBody > *s.Memory && *s.Memory >= 1*MiB && *s.MaxBody < 2*GiB {
		refuse("max_body", fmt.Sprintf("%s does not fit into memory, which is %s; write %s or less, for no reader has more than an eighth of it", s.MaxBody, s.Memory, *s.Memory/8))
	}
	if len(s.Credentials) > maxCredentials {
		refuse("credentials", fmt.Sprintf("names %d fields; %d at most", len(s.Credentials), maxCredentials))
	}
	refuse("credential_lifetime", s.CredentialLifetime.outside(Duration(time.Second), Duration(366*24*time.Hour)))
	if s.Store == nil {
		return all
	}
	if s.StorePassword != nil {
		switch {
		case !s.Store.Shared():
			refuse("store_password", "is of no use: the store is memory; remove it, or name a store such as redis://127.0.0.1:6379")
		case s.Store.HoldsPassword():
			refuse("store_password", "contradicts store, whose URL holds a password; remove that from the URL")
		}
	}
	if s.SentinelPassword != nil && !s.Store.Sentinels() {
		refuse("sentinel_password", "is of no use: the store names no sentinels; remove it, or write redis+sentinel:// in store")
	}
	for _, of := range []struct {
		key   string
		given bool
	}{{"store_ca", s.StoreCA != nil}, {"store_certificate", s.StoreCertificate != nil}, {"store_key", s.StoreKey != nil}} {
		if of.given && !s.Store.TLS() {
			refuse(of.key, "is of no use: the store is not spoken to over TLS; remove it, or write rediss:// in store")
		}
	}
	return all
}

// halves finds a client certificate without its key, or a key without its certificate.
func (s Serve) halves() []problem {
	switch {
	case s.StoreCertificate != nil && s.StoreKey == nil:
		return []problem{{"serve.store_certificate", "has no key; add store_key, such as file:PATH"}}
	case s.StoreKey != nil && s.StoreCertificate == nil:
		return []problem{{"serve.store_key", "has no certificate; add store_certificate with its PATH"}}
	}
	return nil
}

// open finds an admin listener that asks nobody for credentials. A file by itself does not tell, for the token may be in a variable.
func (s Serve) open() []problem {
	if s.Admin == nil || s.Admin.Off() || loopback(s.Admin.String()) || s.AdminToken != nil {
		return nil
	}
	return []problem{{"serve.admin", s.Admin.String() + " is not a loopback address, and without admin_token the admin listener asks nobody for credentials; write 127.0.0.1:8081, or off"}}
}

// Warnings are what makes sense and may still not be what was meant: an admin listener that needs a token from elsewhere, and, since
// the cache gives no reader more than an eighth of memory, a greater max_body, which only responses for everybody get.
func (s Serve) Warnings() []string {
	var list []string
	if s.open() != nil {
		list = append(list, fmt.Sprintf("serve.admin is %s, not a loopback address: serve takes it only with BEARCACHE_ADMIN_TOKEN or admin_token", s.Admin))
	}
	if s.Memory != nil && s.MaxBody != nil && *s.MaxBody > *s.Memory/8 {
		list = append(list, s.largeBody())
	}
	return list
}

func (s Serve) largeBody() string {
	return fmt.Sprintf("max_body is %s, but what is one reader's alone is not stored above %s, an eighth of memory; for that memory must be %s",
		s.MaxBody, *s.Memory/8, *s.MaxBody*8)
}

// maxCredentials is what the cache keeps all subsets of.
const maxCredentials = 10

// loopback reports an address that only this machine reaches.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && loopbackHost(host)
}

// Parse reads a file; name is what its errors call it. An empty file is a File of nils. The error
// is an [Errors] with every problem found, in the order of the lines; there is then no File, so
// that a bad file cannot be half obeyed.
func Parse(name string, data []byte) (*File, error) {
	d := &decoder{written: map[string]place{}}
	var f File
	root, err := readDocument(data)
	if err != nil {
		d.errs = append(d.errs, err)
	} else {
		f = d.file(root)
	}
	if len(d.errs) > 0 {
		return nil, d.errs.of(name)
	}
	return &f, nil
}
