package rulepages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bearcache/bearcache/internal/finding"
)

// tried are the remedies that only rules of the auditor have, with what is to be seen after everybody was answered twice. The others mend
// deployments of package remedies.
var tried = map[string]func(t *testing.T, s *Server){
	"memoize-without-identity/flask-caching.py": storesForEach,
	"manual-cache-without-identity/flask.py":    storesForEach,
	"raw-token-in-key/flask.py":                 storesForEach,
	"token-in-log/flask.py": func(t *testing.T, s *Server) {
		ask(t, s, "/api/account?access_token="+tokens["alice"], tokens["alice"])
		text := s.File(t, Output)
		for _, token := range tokens {
			if strings.Contains(text, token) {
				t.Errorf("the log has a token: %s", text)
			}
		}
		if !strings.Contains(text, "account of "+subject(t, "alice")) || !strings.Contains(text, "GET /api/account?access_token=... HTTP/1.1") {
			t.Errorf("the log has not who asked for what: %s", text)
		}
	},
}

// storesForEach: what was looked up for the two readers was looked up once.
func storesForEach(t *testing.T, s *Server) {
	if made := ask(t, s, "/made", ""); !strings.Contains(made, `"accounts":2`) {
		t.Errorf("it was made %s times", made)
	}
}

// TestRemedies has the application of package remedies load each of them, and the auditor read it.
func TestRemedies(t *testing.T) {
	t.Parallel()
	const dir = "internal/finding/remedies/"
	shown := 0
	for _, rule := range finding.SourceRules {
		for _, fix := range rule.Remedy {
			if fix.File == "" || elsewhere(fix.File) {
				continue
			}
			shown++
			t.Run(rule.ID, func(t *testing.T) {
				t.Parallel()
				see := tried[strings.TrimPrefix(fix.File, dir)]
				if see == nil {
					t.Fatalf("nothing tries %s", fix.File)
				}
				s := startShop(t, "../../"+fix.File)
				for range 2 {
					for name, person := range map[string]string{"alice": "Alice", "bob": "Bob", "nobody": "401 ", "forged": "401 "} {
						token := tokens[name]
						if name == "forged" {
							token = tokens["alice"] + "A"
						}
						if got := ask(t, s, "/api/account", token); !strings.Contains(got, person) {
							t.Errorf("%s is answered %s", name, got)
						}
					}
				}
				see(t, s)
				found, text := runAudit(t, map[string]string{"shop.py": contents(t, shop), "bearers.py": contents(t, bearers), "views.py": fix.Snippet})
				if len(found) > 0 {
					t.Errorf("the audit finds %q: %s", found, text)
				}
			})
		}
	}
	if shown != len(tried) {
		t.Errorf("%d remedies are tried of %d", shown, len(tried))
	}
}

// elsewhere: a rule of the scanner has the same remedy.
func elsewhere(file string) bool {
	return slices.ContainsFunc(finding.Rules, func(r *finding.Rule) bool {
		return slices.ContainsFunc(r.Remedy, func(f finding.Fix) bool { return f.File == file })
	})
}

// The application that views of remedies belong to, and who its users are.
const (
	shop    = "../../remedies/shop.py"
	bearers = "../../labs/bearers.py"
	persons = "../../labs/people.json"
)

// startShop starts the shop with the views of one remedy.
func startShop(t *testing.T, views string) *Server {
	t.Helper()
	const scope = "profile:read payments:read"
	known := map[string]map[string]string{}
	for name, token := range tokens {
		known[token] = map[string]string{"iss": "https://login.example", "sub": subject(t, name), "scope": scope}
	}
	table, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	st := stacks["flask"]
	program := st.program(t)
	for range 3 { // another program may take the port
		s := newServer(t, secret)
		cmd := st.command(s, program, absolute(t, shop))
		cmd.Env = append(cmd.Env, "VIEWS="+absolute(t, views), "CACHE_KEY_SECRET="+secret,
			"LAB_SECRET="+secret, "LAB_TOKENS="+string(table), "LAB_SERVER=shop", "LAB_DIR="+s.dir)
		if s.run(t, cmd) {
			return s
		}
		t.Log(s.File(t, Output))
	}
	t.Fatal("the shop does not start")
	return nil
}

// subject is what the shop calls a user.
func subject(t *testing.T, name string) string {
	t.Helper()
	var users map[string]struct{ Sub string }
	if err := json.Unmarshal([]byte(contents(t, persons)), &users); err != nil {
		t.Fatal(err)
	}
	return users[name].Sub
}

func contents(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func absolute(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
