package config

import "time"

// rule is a route as the file has it. The differences to Route are what may be absent, and where.
type rule struct {
	Match *Pattern  `json:"match" jsonschema:"required"`
	Share *share    `json:"share"`
	TTL   *Duration `json:"ttl"`
	Cache *onOff    `json:"cache"`
	// Partition is the route's own; nil: that of serve.
	Partition *Partition `json:"partition"`
}

// match is the long form of a pattern.
type match struct {
	Method  *method  `json:"method"`
	Methods []method `json:"methods"`
	Path    *path    `json:"path" jsonschema:"required"`
}

// A lifetime is whole seconds, RFC 9111 §1.2.2, and a year at most, as was the custom.
const (
	minTTL = Duration(time.Second)
	maxTTL = Duration(365 * 24 * time.Hour)
)

func (d *decoder) routes(n *node, at string) Routes {
	if n.kind == null {
		return nil
	}
	if len(n.items) > maxRules {
		d.problem(n.items[maxRules].place, at, "has %d rules; %d at most, as each request is held against them in turn", len(n.items), maxRules)
		return nil
	}
	var all Routes
	var places []place // of all, for the message about a rule that cannot match
	d.list(n, at, "[{match: GET /api/catalog, ttl: 60s}]", func(n *node, at string) {
		r, ok := d.rule(n, at)
		if !ok {
			return
		}
		d.hidden(r, at, all, places)
		all, places = append(all, r), append(places, d.written[at+".match"])
	})
	return all
}

// hidden complains about a rule that never gets a request, because an earlier one takes them all.
func (d *decoder) hidden(r Route, at string, earlier Routes, places []place) {
	for i := range earlier {
		first, key := &earlier[i].Pattern, at+".match"
		if !first.covers(&r.Pattern) {
			continue
		}
		if r.Pattern.covers(first) {
			d.problem(d.written[key], key, "can never match: %s in line %d is the same and comes first; remove one of them", first, places[i].line)
		} else {
			d.problem(d.written[key], key, "can never match: %s in line %d matches all of it first; move this rule before that one, or remove it", first, places[i].line)
		}
		return
	}
}

// rule reads one rule; it is ok where the pattern is, so that later rules can be held against it.
func (d *decoder) rule(n *node, at string) (Route, bool) {
	var r rule
	before := len(d.errs)
	d.mapping(n, at, "{match: GET /api/catalog, ttl: 60s}", []field{
		{"match", func(n *node, at string) { r.Match = d.match(n, at) }},
		{"share", into(d, &r.Share)},
		{"ttl", into(d, &r.TTL)},
		{"cache", into(d, &r.Cache)},
		{"partition", func(n *node, at string) { r.Partition = d.partition(n, at, true) }},
	})
	if _, written := d.written[at+".match"]; !written && n.kind == mapping {
		d.problem(n.place, at, "has no match; add one such as match: GET /api/catalog")
	}
	if r.Match == nil {
		return Route{}, false
	}
	if len(d.errs) == before {
		d.contradictions(r, at)
	}
	return r.route(), true
}

func (r rule) route() Route {
	out := Route{Pattern: *r.Match, Public: r.Share != nil, Off: r.Cache != nil && !bool(*r.Cache), Partition: r.Partition}
	if r.TTL != nil {
		out.TTL = time.Duration(*r.TTL)
	}
	return out
}

// contradictions finds what is well written and still cannot be meant.
func (d *decoder) contradictions(r rule, at string) {
	complain := func(key, format string, args ...any) {
		d.problem(d.written[at+key], at+key, format, args...)
	}
	off := r.Cache != nil && !bool(*r.Cache)
	stored := r.Match.methods&(methodOf("GET")|methodOf("HEAD")) != 0
	if off && r.TTL != nil {
		complain(".ttl", "contradicts cache: off in line %d; remove one of them", d.written[at+".cache"].line)
	}
	if off && r.Share != nil {
		complain(".share", "contradicts cache: off in line %d; remove one of them", d.written[at+".cache"].line)
	}
	if off && r.Partition != nil {
		complain(".partition", "contradicts cache: off in line %d; remove one of them", d.written[at+".cache"].line)
	}
	if r.Share != nil && r.Partition != nil {
		complain(".partition", "contradicts share: public in line %d, which asks nobody who he is; remove one of them", d.written[at+".share"].line)
	}
	if !stored && (r.TTL != nil || r.Share != nil || r.Partition != nil) {
		complain(".match", "names methods whose responses are not stored; ttl, share and partition need GET")
	}
	switch {
	case r.TTL == nil:
	case *r.TTL == 0:
		complain(".ttl", "%s is no lifetime; write cache: off to keep the route's responses out of the cache", r.TTL)
	case *r.TTL%minTTL != 0:
		complain(".ttl", "%s is not in whole seconds, as a freshness lifetime must be; write one such as 30s", r.TTL)
	default:
		if why := r.TTL.outside(minTTL, maxTTL); why != "" {
			complain(".ttl", "%s", why)
		}
	}
}
