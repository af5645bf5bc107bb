package scan

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
)

// The orders of alice and bob, and a list of them for each.
var owners = map[string]string{"1001": "alice", "1002": "bob", "1003": "alice", "1004": "bob", "1005": "alice", "1007": "alice"}

func order(id string) answer {
	return ok(fmt.Sprintf(`{"id":%s,"buyer":"%s@example.com","total":%d}`, id, owners[id], 7*len(id)))
}

func listed(match func(id string) bool) answer {
	var ids []string
	for _, id := range sortedKeys(owners) {
		if match(id) {
			ids = append(ids, fmt.Sprintf(`{"id":%s}`, id))
		}
	}
	return ok("[" + strings.Join(ids, ",") + "]")
}

// shop answers /orders with a list and /orders/{id} with detail.
func shop(list func(user, id string) bool, detail func(user, id string, r *http.Request) answer) *site {
	return &site{anyPath: true, origin: func(user string, r *http.Request) answer {
		id, one := strings.CutPrefix(r.URL.Path, "/orders/")
		switch {
		case user == "":
			return denial
		case r.URL.Path == "/orders":
			return listed(func(id string) bool { return list(user, id) })
		case !one || owners[id] == "":
			return missing
		}
		return detail(user, id, r)
	}}
}

var ordersFed = []operation.Feed{{Operation: 1, Parameter: "id", Sources: []operation.Source{{Operation: 0, Names: []string{"id"}}}}}

func orders() []operation.Operation {
	list := gets("/orders", "/orders/{id}", "/me")
	list[1].Parameters = []operation.Parameter{{Name: "id", In: "path", Required: true}}
	return list
}

func TestBrokenObjectAuthorization(t *testing.T) {
	t.Parallel()
	own := func(user, id string) bool { return owners[id] == user }
	everything := func(string, string) bool { return true }
	given := func(_, id string, _ *http.Request) answer { return order(id) }
	checked := func(user, id string, _ *http.Request) answer {
		if owners[id] != user {
			return missing
		}
		return order(id)
	}
	leak := []string{"GET /orders/{id} broken-object-authorization likely"}
	for _, tt := range []struct {
		name  string
		s     *site
		want  []string
		steps []string
	}{
		{"whoever asks is given it", shop(own, given), leak, []string{"high of alice to bob", "alice 200", "bob 200", "bob 200 origin"}},
		{"with a number of its own in each answer", shop(own, func(_, id string, _ *http.Request) answer {
			made := order(id)
			made.body = strings.Replace(made.body, "{", fmt.Sprintf(`{"at":%d,`, time.Now().Unix()), 1)
			return made
		}), leak, []string{"high of alice to bob", "alice 200", "bob 200", "bob 200 origin"}},

		{"it is another's: 404", shop(own, checked), []string{}, nil},
		{"it is another's: 403", shop(own, func(user, id string, r *http.Request) answer {
			if owners[id] != user {
				return answer{status: 403, body: `{"error":"forbidden"}`}
			}
			return order(id)
		}), []string{}, nil},
		{"it is another's: sent to a login", shop(own, func(user, id string, r *http.Request) answer {
			if owners[id] != user {
				return answer{status: 302}.with("Location", "/login")
			}
			return order(id)
		}), []string{}, nil},
		{"it is another's: 200, and says so", shop(own, func(user, id string, r *http.Request) answer {
			if owners[id] != user {
				return ok(`{"error":"no such order"}`)
			}
			return order(id)
		}), []string{}, nil},
		// It names alice, and nothing shows that bob may not see it.
		{"every list has all of them", shop(everything, given), []string{"GET /orders/{id} cross-identity-reuse likely"}, nil},
		{"one public part of it", shop(own, func(user, id string, r *http.Request) answer {
			if owners[id] != user {
				return ok(`{"id":` + id + `,"status":"shipped"}`)
			}
			return order(id)
		}), []string{}, nil},
		{"the same for whoever may read, and nobody's", shop(own, func(_, id string, _ *http.Request) answer { return ok(`{"rates":[1.5,2.25]}`) }), []string{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := tt.s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
			if diff := cmp.Diff(tt.steps, steps(r, finding.BrokenObjectAuthorization)); diff != "" && tt.steps != nil {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// What a cache hands out is called so, and not a check that the origin forgot.
func TestObjectsHandedOutByACache(t *testing.T) {
	t.Parallel()
	s := shop(func(user, id string) bool { return owners[id] == user }, func(user, id string, _ *http.Request) answer {
		if owners[id] != user {
			return missing
		}
		return order(id)
	})
	s.key = func(r *http.Request) string {
		if s.user(r) == "" || !strings.HasPrefix(r.URL.Path, "/orders/") {
			return ""
		}
		return r.RequestURI
	}
	r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
	if diff := cmp.Diff([]string{"GET /orders/{id} cross-identity-reuse confirmed"}, brief(r)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
	}
	for _, f := range r.Findings {
		if f.Rule == finding.BrokenObjectAuthorization {
			t.Errorf("a missing check is spoken of: %+v", f)
		}
	}
}

// A path that names an object has other objects beside it: what a cache keeps by the path alone, for longer than a scan waits,
// shows on them.
func TestOtherObjectsAsControl(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	forPath := func(r *http.Request) string { return r.URL.Path }
	for _, tt := range []struct {
		name   string
		key    func(user string, r *http.Request) string
		detail func(user, id string) answer
		want   []string
		few    bool // two objects of each reader
	}{
		{"of others not found, and kept by path", func(_ string, r *http.Request) string { return forPath(r) }, nil, []string{"GET /orders/{id} cross-identity-reuse confirmed"}, false},
		{"two of each reader", func(_ string, r *http.Request) string { return forPath(r) }, nil, []string{"GET /orders/{id} cross-identity-reuse confirmed"}, true},
		{"which names nobody", func(_ string, r *http.Request) string { return forPath(r) }, func(user, id string) answer {
			if owners[id] != user {
				return answer{status: 403}
			}
			return ok(`{"state":"paid","total":12}`)
		}, []string{"GET /orders/{id} cross-identity-reuse confirmed"}, false},
		{"kept by path and reader", func(user string, r *http.Request) string { return user + forPath(r) }, nil, []string{}, false},
		{"given to whoever asks, and kept by path", func(_ string, r *http.Request) string { return forPath(r) }, func(_, id string) answer { return order(id) },
			[]string{"GET /orders/{id} broken-object-authorization likely"}, false},
		{"only the first of them given to others by right", func(string, *http.Request) string { return "" }, func(user, id string) answer {
			if owners[id] != user && id != "1001" {
				return missing
			}
			return order(id)
		}, []string{"GET /orders/{id} cross-identity-reuse likely"}, false},
		{"and another of them given meanwhile", func(string, *http.Request) string { return "" }, func(user, id string) answer {
			if owners[id] != user && id != "1001" && (id != "1003" || asked.Add(1) <= denials) {
				return missing
			}
			return order(id)
		}, []string{"GET /orders/{id} cross-identity-reuse likely"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.detail == nil {
				tt.detail = func(user, id string) answer {
					if owners[id] != user {
						return missing
					}
					return order(id)
				}
			}
			s := shop(func(user, id string) bool { return owners[id] == user && (!tt.few || id <= "1004") }, func(user, id string, _ *http.Request) answer { return tt.detail(user, id) })
			s.key = func(r *http.Request) string {
				if s.user(r) == "" || !strings.HasPrefix(r.URL.Path, "/orders/") {
					return ""
				}
				return tt.key(s.user(r), r)
			}
			r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed, Wait: time.Nanosecond})
			if diff := cmp.Diff(tt.want, brief(r)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, told(r))
			}
		})
	}
}

// What is given to whoever asks, with no token at all, is not the owner's to lose; whether it should be so, the document
// says.
func TestObjectsOpenToAll(t *testing.T) {
	t.Parallel()
	s := &site{anyPath: true, origin: func(user string, r *http.Request) answer {
		id, one := strings.CutPrefix(r.URL.Path, "/orders/")
		switch {
		case one && owners[id] != "":
			return order(id)
		case user == "":
			return denial
		case r.URL.Path == "/orders":
			return listed(func(id string) bool { return owners[id] == user })
		}
		return missing
	}}
	r := s.survey(t, Options{Operations: orders(), Feeds: ordersFed})
	for _, f := range r.Findings {
		if f.Rule == finding.BrokenObjectAuthorization || f.Confidence == finding.Confirmed && f.Severity > finding.Low {
			t.Errorf("%s is called %v\n%s", f.Rule.ID, f.Confidence, told(r))
		}
	}
}
