package apache

import "testing"

// A path is below another by whole names.
func TestBelow(t *testing.T) {
	for _, tt := range []struct {
		path, other string
		want        bool
	}{
		{"/app", "/app", true}, {"/app", "/app/", true}, {"/app/", "/app", true}, {"/app/x", "/app", true}, {"/app", "/", true}, {"/", "/", true},
		{"/application", "/app", false}, {"/app", "/app/x", false}, {"/", "/app", false},
	} {
		if got := below(tt.path, tt.other); got != tt.want {
			t.Errorf("%s below %s: %v", tt.path, tt.other, got)
		}
	}
}
