package scan

import (
	"errors"
	"net/http"
	"testing"
)

func TestHit(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"X-Cache", "HIT", true},
		{"X-Cache", "HIT from edge", true},
		{"X-Cache", "TCP_MEM_HIT", true},
		{"Cf-Cache-Status", "HIT", true},
		{"Cache-Status", "edge; hit; ttl=30", true},
		{"Age", "3", true},
		{"X-Cache-Hits", "2", true},
		{"X-Varnish", "32770 3", true},
		{"X-Cache", "MISS", false},
		{"X-Cache", "MISS from white", false},
		{"X-Cache", "MISS from whitehit-1x", false},
		{"Cache-Status", "edge; fwd=miss; stored", false},
		{"Age", "0", false},
		{"X-Cache-Hits", "0", false},
		{"X-Varnish", "32770", false},
		{"Server", "hit", false},
	} {
		if e := (&exchange{header: http.Header{tt.name: {tt.value}}}); e.hit() != tt.want {
			t.Errorf("%s: %s is a hit: %v", tt.name, tt.value, e.hit())
		}
	}
	if (&exchange{err: errors.New("none"), header: http.Header{"Age": {"3"}}}).hit() || (*exchange)(nil).hit() {
		t.Error("no answer is a hit")
	}
}
