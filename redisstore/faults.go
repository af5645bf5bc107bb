package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/redis/rueidis"
)

// ErrDown is returned at once, without a question to Redis, while there is no connection or the last commands went
// unanswered. Its text says why.
var ErrDown = errors.New("redisstore: Redis is down")

// fault is what went wrong with a command, in words that hold no key, value or password: those of the client and
// of Redis may.
type fault struct {
	why  string
	dead bool // Redis is not there, as opposed to: it answered, and did not like the command
}

func (f *fault) Error() string { return f.why }

// down is ErrDown with what was wrong last.
type down struct{ why string }

func (d *down) Error() string        { return ErrDown.Error() + ": " + d.why }
func (d *down) Is(target error) bool { return target == ErrDown }

// lastFault remembers the reason for ErrDown, ready to return.
type lastFault struct{ atomic.Pointer[down] }

func (l *lastFault) set(err error) {
	why := err.Error()
	if old := l.Load(); old == nil || old.why != why {
		l.Store(&down{why})
	}
}

func (l *lastFault) err() error {
	if d := l.Load(); d != nil {
		return d
	}
	return ErrDown
}

var errLate = &fault{"no answer in time", true}

// errPassword hides what Options.Password said, which may quote the password.
var errPassword = errors.New("password not available")

// explain names an error of the client by its kind.
func explain(err error) *fault {
	var ours *fault
	var answer *rueidis.RedisError
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var errno syscall.Errno
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &answer):
		return explainAnswer(answer.Error())
	case errors.Is(err, errPassword):
		return &fault{"the password could not be had from Options.Password", true}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return errLate
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return &fault{"the server's certificate does not verify: name the authority that issued it, or the host as the certificate has it", true}
	case errors.As(err, &network) && network.Op == "remote error": // a TLS alert: it has no certificate from us, or knows its authority not
		return &fault{"it refuses the connection: " + network.Err.Error(), true}
	case errors.As(err, &network) && network.Op == "dial" && errors.As(err, &errno):
		return &fault{"connect: " + errno.Error(), true}
	case errors.As(err, &network) && network.Op == "dial":
		return &fault{"connect: the host has no address", true}
	case broke(err):
		return &fault{"the connection broke", true}
	case errors.Is(err, rueidis.ErrNoSlot):
		return &fault{"the Cluster serves no node for the key", true}
	}
	return &fault{"no connection, or what answers there is no Redis", true}
}

// broke reports whether a connection ended that had been there.
func broke(err error) bool {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Op != "dial" && !network.Timeout()
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, rueidis.ErrClosing)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// answers lists the codes that an answer of Redis's may begin with, and whether it can then do anything for anybody.
var answers = map[string]fault{
	"LOADING":     {"it is loading its data", true},
	"MASTERDOWN":  {"it is a replica without its master", true},
	"CLUSTERDOWN": {"the Cluster is incomplete", true},
	"BUSY":        {"a script keeps it busy", true},
	"NOAUTH":      {"the store, or a sentinel, wants a password", true},
	"WRONGPASS":   {"the store, or a sentinel, does not take user and password", true},
	"MOVED":       {"it is a node of a Cluster, which changes, or for which ?cluster=true is missing in the URL", false},
	"READONLY":    {"it is a replica", false},
	"NOPERM":      {"the user may not do that: docs/scale.md lists the commands that the store's user needs, on the keys that begin with the prefix", false},
	"OOM":         {"it is full, and its maxmemory-policy evicts nothing that makes room", false},
	"MISCONF":     {"it takes no writes while it cannot save", false},
	"NOREPLICAS":  {"it takes no writes without its replicas", false},
	"WRONGTYPE":   {"somebody else has written under the key", false},
	"TRYAGAIN":    {"the Cluster is moving the keys", false},
}

// errAnswers are those that begin with ERR, which says nothing, or with no code at all.
var errAnswers = map[string]string{
	"DB index is out of range":                   "it has no such database",
	"This instance has cluster support disabled": "it is no Cluster",
	"No such master with that name":              "it knows no master of that name",
	"unknown command":                            "it lacks a command that redisstore needs, or was told to hide it",
	"max number of clients reached":              "it has no connection left",
}

// explainAnswer keeps of an answer the first word, if it is one that is known. The rest may repeat the command.
func explainAnswer(text string) *fault {
	text = strings.TrimPrefix(text, "ERR ")
	for begin, why := range errAnswers {
		if strings.HasPrefix(text, begin) {
			return &fault{"Redis answered an error: " + why, false}
		}
	}
	code, _, _ := strings.Cut(text, " ")
	if strings.HasPrefix(text, "The user executing the script can't run") { // as Redis 7 says of a command inside one
		code = "NOPERM"
	}
	if a, ok := answers[code]; ok {
		return &fault{"Redis answered " + code + ": " + a.why, a.dead}
	}
	return &fault{"Redis answered an error", false}
}
