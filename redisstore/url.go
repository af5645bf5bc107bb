package redisstore

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// location is what a URL says: where servers are, and as whom to speak to them.
type location struct {
	socket   string   // of a unix URL
	hosts    []string // host:port, of all others
	tls      bool
	cluster  bool
	master   string // the name that sentinels know the master by; "" where hosts are no sentinels
	db       int
	user     string
	password string
}

// schemes lists what a URL may begin with.
var schemes = map[string]struct{ tls, sentinel, unix bool }{
	"redis":           {},
	"valkey":          {},
	"rediss":          {tls: true},
	"valkeys":         {tls: true},
	"redis+sentinel":  {sentinel: true},
	"rediss+sentinel": {tls: true, sentinel: true},
	"unix":            {unix: true},
}

// parse reads a URL as Options.URL describes it. It is strict: what it does not know it refuses. No error repeats
// any part of the text, which may hold a password anywhere, most of all where it is misspelt.
func parse(text string) (location, error) {
	var at location
	name, rest, ok := strings.Cut(text, "://")
	scheme, known := schemes[name]
	if !ok || !known {
		return at, errors.New("the URL does not begin with redis://, rediss://, redis+sentinel://, rediss+sentinel://, valkey://, valkeys:// or unix://")
	}
	at.tls = scheme.tls
	if strings.Contains(rest, "#") {
		return at, errors.New("the URL has a fragment: write # in a password as %23")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		var err error
		if at.user, at.password, err = userInfo(rest[:i]); err != nil {
			return at, err
		}
		rest = rest[i+1:]
	}
	if scheme.unix {
		if !strings.HasPrefix(rest, "/") || strings.Contains(rest, "\x00") {
			return at, errors.New("a unix URL has an absolute path: unix:///run/redis.sock")
		}
		at.socket = rest
	} else {
		hosts, path, _ := strings.Cut(rest, "/")
		port := "6379"
		if scheme.sentinel {
			port = "26379"
		}
		for host := range strings.SplitSeq(hosts, ",") {
			address, err := hostPort(host, port)
			if err != nil {
				return at, err
			}
			at.hosts = append(at.hosts, address)
		}
		if path != "" {
			var err error
			if at.db, err = database(path); err != nil {
				return at, err
			}
		}
	}
	if err := at.parameters(query, scheme.sentinel, scheme.unix); err != nil {
		return at, err
	}
	switch {
	case scheme.sentinel && at.master == "":
		return at, errors.New("the URL of sentinels does not say which master: add ?master=NAME")
	case at.cluster && at.db != 0:
		return at, errors.New("a Cluster has database 0 only")
	case len(at.hosts) > 1 && !at.cluster && !scheme.sentinel:
		return at, errors.New("the URL names several hosts: add ?cluster=true, or write redis+sentinel:// if they are sentinels")
	}
	return at, nil
}

func (at *location) parameters(query string, sentinel, unix bool) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the URL's query is malformed")
	}
	for name, all := range values {
		if len(all) > 1 {
			return errors.New("a query parameter stands twice in the URL")
		}
		switch value := all[0]; {
		case name == "cluster" && !sentinel && !unix:
			if at.cluster, err = strconv.ParseBool(value); err != nil {
				return errors.New("cluster in the URL is neither true nor false")
			}
		case name == "master" && sentinel:
			if value == "" || strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' }) {
				return errors.New("master in the URL is no name of a master")
			}
			at.master = value
		case name == "db" && unix:
			if at.db, err = database(value); err != nil {
				return err
			}
		default:
			return errors.New("the URL has a query parameter that it cannot have: there are cluster for redis and rediss, master for sentinels, db for unix; a ? in a password is %3F")
		}
	}
	return nil
}

func userInfo(text string) (user, password string, err error) {
	user, password, _ = strings.Cut(text, ":")
	for _, part := range []*string{&user, &password} {
		if strings.ContainsAny(*part, "/@:") {
			return "", "", errors.New("the URL's user or password holds one of / @ : as it is: write %2F, %40, %3A")
		}
		if *part, err = url.PathUnescape(*part); err != nil {
			return "", "", errors.New("the URL's user or password holds a % that is none of %00 to %FF: write %25")
		}
	}
	if user != "" && password == "" {
		return user, "", nil // Options.Password has it
	}
	return user, password, nil
}

func hostPort(text, port string) (string, error) {
	host := text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
	}
	if inside, ok := strings.CutPrefix(host, "["); ok {
		if host, ok = strings.CutSuffix(inside, "]"); !ok || net.ParseIP(host) == nil {
			return "", errors.New("the URL has brackets around what is no IPv6 address")
		}
	} else if host == "" || strings.ContainsFunc(host, func(c rune) bool { return !strings.ContainsRune(hostCharacters, c) }) {
		return "", errors.New("the URL has no host, or one that is no name and no address")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '+' {
		return "", errors.New("the URL has a port that is no number from 1 to 65535")
	}
	return net.JoinHostPort(host, port), nil
}

const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

func database(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, errors.New("the URL's database is no number")
	}
	return int(n), nil
}

// String is where that is, without user and password.
func (at location) String() string {
	where := strings.Join(at.hosts, ",")
	switch {
	case at.socket != "":
		where = at.socket
	case at.master != "":
		where = "sentinels " + where + " for " + at.master
	case at.cluster:
		where = "cluster " + where
	}
	if at.db != 0 {
		where += fmt.Sprintf(" database %d", at.db)
	}
	return "Redis at " + where
}
