package main

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/gateway"
)

// policies looks a request up in the rules of the file, and lists what tells readers apart, that of standard first. A path
// that rules cannot be sure about is not cached. Public takes credentials away, and only what is stored is the same
// for everybody: who changes something has to say who he is.
func policies(routes config.Routes, standard config.Partition) (func(method, escapedPath string) gateway.Route, []gateway.Readers) {
	all := partitions{standard: readersOf(standard, "serve.partition")}
	index := make(map[*config.Partition]int)
	all.find(all.standard)
	for i, route := range routes {
		if route.Partition != nil {
			index[route.Partition] = all.find(all.of(*route.Partition, fmt.Sprintf("routes[%d].partition", i)))
		}
	}
	if len(routes) == 0 {
		return nil, all.list
	}
	return func(method, escapedPath string) gateway.Route {
		route, ambiguous := routes.Match(method, escapedPath)
		switch {
		case ambiguous:
			return gateway.Route{Policy: bearcache.Policy{Off: true}}
		case route == nil:
			return gateway.Route{}
		}
		reads := method == http.MethodGet || method == http.MethodHead
		policy := bearcache.Policy{Off: route.Off, Lifetime: route.TTL, Public: route.Public && reads}
		return gateway.Route{Policy: policy, Name: route.String(), Readers: index[route.Partition]} // of nil it is 0
	}, all.list
}

// partitions are the different ones of a configuration: texts are made for each of them, for each token.
type partitions struct {
	standard gateway.Readers
	list     []gateway.Readers
}

func (p *partitions) find(readers gateway.Readers) int {
	if i := slices.IndexFunc(p.list, func(other gateway.Readers) bool { return same(readers, other) }); i >= 0 {
		return i
	}
	p.list = append(p.list, readers)
	return len(p.list) - 1
}

// of is what a route says under key. A group does not say what is one reader's own: that is as everywhere.
func (p *partitions) of(partition config.Partition, key string) gateway.Readers {
	readers := readersOf(partition, key)
	if readers.Group != nil {
		readers.Claims = p.standard.Claims
	}
	return readers
}

func readersOf(p config.Partition, key string) (readers gateway.Readers) {
	set := &gateway.ClaimSet{Required: claimNames(p.Required), Optional: claimNames(p.Optional), Key: key}
	switch {
	case p.ByScope:
		readers.Group = set
	case p.ByClaims:
		readers.Claims = set
	}
	return readers
}

func claimNames(names []config.ClaimName) []string {
	var list []string
	for _, name := range names {
		list = append(list, name.String())
	}
	return list
}

func same(a, b gateway.Readers) bool { return sameSet(a.Claims, b.Claims) && sameSet(a.Group, b.Group) }

func sameSet(a, b *gateway.ClaimSet) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.Required, b.Required) && slices.Equal(a.Optional, b.Optional)
}
