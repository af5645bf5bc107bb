package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
)

// revoked reports whether a token no longer counts. Without claims nobody verified it, and it is known by its digest.
func (g *Gateway) revoked(claims *bearer.Claims, token string) bool {
	if claims == nil {
		claims = new(bearer.Claims)
	}
	if !g.revocations.Digests() { // no need to compute one
		return g.revocations.Revoked(claims, [32]byte{})
	}
	return g.revocations.Revoked(claims, digestOfToken(token))
}

// revokedUntil is until when what r is about is refused: an earlier revocation of it may last longer.
func (g *Gateway) revokedUntil(r bearer.Revocation) time.Time {
	if current, ok := g.revocations.Current(r); ok {
		return current.Until
	}
	return r.Until
}

// revoke has what r is about refused from now on, and forgotten where it is a subject: here, and on other
// nodes. An error that wraps bearcache.ErrNotShared says that it holds here.
func (g *Gateway) revoke(ctx context.Context, r bearer.Revocation) error {
	if err := g.revocations.Add(r); err != nil {
		return err
	}
	var purged error
	if r.Subject != "" {
		purged = g.cache.Purge(ctx, bearcache.Extent{Issuer: r.Issuer, Subject: r.Subject})
	}
	if g.nodes != nil {
		if current, ok := g.revocations.Current(r); ok { // one entry says all that counts
			r = current
		}
		return errors.Join(purged, g.nodes.tell(ctx, r))
	}
	return purged
}

// digestOfToken is what a revoked token is known by, on all nodes, whatever their secrets: an exchange of these must not make it
// good again. It is in memory and in sealed entries of a log alone.
func digestOfToken(token string) [32]byte { return bearer.TokenDigest([]byte("bearcache"), token) }
