package scan

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

// answered reads answers: who asked, then what came. Of those who ask a is the victim, b the observer, c a third reader, x a forged token. What
// came names one of them (A, B, C), or nobody in particular (s; t, u), is a refusal (-), an error (!), or names the victim beside a
// number made anew (1 to 9).
func answered(cast map[byte]*Identity, script string) (list []*exchange) {
	for _, step := range strings.Fields(script) {
		e := &exchange{as: cast[step[0]], status: 200}
		body := map[byte]string{
			'A': `{"email":"alice@example.com"}`, 'B': `{"email":"bob@example.com"}`, 'C': `{"email":"carol@example.com"}`,
			's': `{"rate":1.5}`, 't': `{"rate":2.5}`, 'u': `{"rate":3.5}`,
		}[step[1]]
		switch what := step[1]; {
		case what == '-':
			e.status, body = 401, `{"error":"unauthorized"}`
		case what == '!':
			e.status, body = 502, ""
		case body == "":
			body = `{"email":"alice@example.com","n":` + string(what) + `}`
		}
		e.body = []byte(body)
		e.content = newContent(e.body, nil, sha256.Sum256(e.body), false)
		list = append(list, e)
	}
	return list
}

// cycle is list, over and over, until it has n.
func cycle(n int, list ...string) (all []string) {
	for i := range n {
		all = append(all, list[i%len(list)])
	}
	return all
}

func TestWeigh(t *testing.T) {
	both := []string{"bB aB", "aA bA", "bB aB", "aA bA"}
	alone := []string{"bB", "aA"}
	for _, tt := range []struct {
		name    string
		kind    controlKind
		made    string   // under the natural URL: what the victim got, then the observer
		entries []string // what stands behind | was answered under the natural URL
		want    verdict
	}{
		// One cache: every entry gives all what it gave whoever came first.
		{"who comes first is given its own, who comes after the same", byQuery, "aA bA", append(both, cycle(6, alone...)...), leak},
		{"nine entries", byQuery, "aA bA", append(both, cycle(5, alone...)...), unknown},
		{"nothing names the victim: eleven entries", byQuery, "as bs", append([]string{"bt at", "as bs", "bt at", "as bs"}, cycle(7, "bt", "as")...), unknown},
		{"twelve", byQuery, "as bs", append([]string{"bt at", "as bs", "bt at", "as bs"}, cycle(8, "bt", "as")...), leak},
		{"what is the victim's comes first once", byQuery, "aA bA", append(both, cycle(8, "bB", "aA", "bA")...), unknown},
		{"an error in between", byQuery, "aA bA", append(both, cycle(8, "bB", "aA", "b!")...), unknown},
		{"each is given its own", byQuery, "aA bA", cycle(12, "bB aA", "aA bB"), unknown},
		{"all are given the victim's", byQuery, "aA bA", cycle(12, "bA aA"), unknown},
		{"the observer is refused until the victim has asked", byQuery, "aA xA", append([]string{"x- aA xA", "aA xA"}, cycle(8, "x-")...), leak},
		{"the observer is refused, and then answered before", byQuery, "aA xA", append([]string{"x- aA xA", "aA xA"}, cycle(8, "x-", "xA")...), unknown},

		// Several nodes, or one that stores late: some are given their own although another asked before.
		{"now and then, and never before the other asked", byQuery, "aA bA", append(cycle(14, "bB aB", "aA bB", "aA bA", "bB aA"), cycle(6, alone...)...), leak},
		{"so, but too seldom", byQuery, "aA bA", append(cycle(4, "bB aA", "aA bB", "aA bA", "bB aA"), cycle(8, alone...)...), unknown},
		{"so, and once before", byQuery, "aA bA", append(cycle(14, "bB aB", "aA bB", "aA bA", "bB aA"), cycle(6, "bB", "aA", "bA")...), unknown},
		{"so to the victim, and once before", byQuery, "aA bA", append(cycle(14, "bB aB", "aA bB", "aA bA", "bB aA"), cycle(6, "bB", "aA", "aB")...), unknown},
		{"one way only, refused before", byQuery, "aA xA", append(cycle(10, "x- aA xA", "aA x-", "aA xA"), cycle(10, "x-")...), leak},
		{"one way only, and hardly ever refused before", byQuery, "aA xA", cycle(10, "aA x-", "aA xA"), unknown},

		// Who comes along while two others are followed.
		{"who comes along is given what was made for either", byQuery, "aA xA", append(cycle(14, "bB aB xB", "aA bB xA", "aA bA xA", "bB aA x-"), cycle(6, alone...)...), leak},
		{"who comes along is given the victim's once, and was never refused", byQuery, "aA xA", append(cycle(14, "bB aB", "aA bB", "aA bA", "bB aA"), "aA xA", "bB", "aA", "bB", "aA", "bB"), unknown},

		// Past the cache.
		{"the origin gives each its own, and the observer goes on being given the victim's", byOrigin, "aA bA", cycle(10, "bB aA | bA", "aA bB | bA"), leak},
		{"so once, on one of several nodes", byOrigin, "aA bA", append([]string{"bB aA | bA"}, cycle(9, "bB aA | bB")...), unknown},
		{"and then is not", byOrigin, "aA bA", cycle(3, "bB aA | bB"), unknown},
		{"on some nodes it is", byOrigin, "aA bA", cycle(14, "bB aA | bA", "aA bB | bB"), leak},
		{"the origin gives the observer the victim's too", byOrigin, "aA bA", []string{"bA aA | bA"}, shared},
		{"the origin refuses the observer", byOrigin, "aA xA", cycle(10, "x- aA | xA"), leak},
		{"the origin does not answer", byOrigin, "aA bA", cycle(10, "b! aA | bA"), unknown},
		{"it names the victim now and then", byOrigin, "aA bA", cycle(10, "bB aA | bA", "bA aA | bA"), shared},

		// Where entries expire few have to do.
		{"four expired", byExpiry, "aA bA", []string{"aA bA", "aA bA", "bB aB", "aA bA"}, leak},
		{"three", byExpiry, "aA bA", []string{"aA bA", "aA bA", "bB aB"}, unknown},
		{"four, and nothing names anybody", byExpiry, "as bs", []string{"as bs", "as bs", "bt at", "as bs"}, unknown},
		{"five, and nothing names anybody", byExpiry, "as bs", []string{"as bs", "as bs", "bt at", "as bs", "bt at"}, leak},
		{"once who comes first is not given its own", byExpiry, "aA bA", []string{"aA bA", "aA bA", "bB aB", "aB bB", "bB aB"}, shared},
		{"once it was gone all were given the victim's", byExpiry, "aA bA", []string{"bA aA", "aA bA"}, shared},
		{"once it was gone each was given its own", byExpiry, "aA bA", []string{"bB aA", "aA bB"}, unknown},

		// Other objects are few as well.
		{"refused until the owner has asked, of two objects", byObject, "aA bA", []string{"b- aA bA", "b- aA bA"}, leak},
		{"of one", byObject, "aA bA", []string{"b- aA bA"}, unknown},

		{"by turns, four times", byTurns, "aA xA", []string{"cC xC", "aA xA", "cC xC", "aA xA"}, leak},
		{"by turns, twice", byTurns, "aA xA", []string{"cC xC", "aA xA"}, unknown},
		{"by turns, and once not", byTurns, "aA xA", []string{"cC xC", "aA xA", "cC x-", "aA xA"}, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cast := map[byte]*Identity{'a': {Name: "alice"}, 'b': {Name: "bob"}, 'c': {Name: "carol"}, 'x': {Name: "forged"}}
			trial := &Trial{Readers: []*Identity{cast['a'], cast['b'], cast['c']}, Nobody: new(Identity), Forged: cast['x'], Marks: map[string]marks{"alice": {"alice@example.com": claimed}}}
			trial.Natural = answered(cast, tt.made)
			s := suspicion{victim: trial.Natural[0].as, observer: trial.Natural[1].as, made: trial.Natural[0], seen: trial.Natural[1]}
			c := &control{kind: tt.kind, giver: s.victim, taker: s.observer}
			if strings.Contains(strings.Join(tt.entries, " "), "b") {
				c.taker = cast['b']
			}
			for _, script := range tt.entries {
				fresh, natural, _ := strings.Cut(script, "|")
				c.entries = append(c.entries, entry{answers: answered(cast, fresh), natural: answered(cast, natural), lasted: time.Minute})
			}
			if p := trial.weigh(s, c); p.verdict != tt.want {
				t.Errorf("verdict %d, want %d (%d unknown, %d leak, %d shared)", p.verdict, tt.want, unknown, leak, shared)
			} else if p.verdict == leak && !p.whole {
				t.Error("not byte for byte")
			}
		})
	}
}

// What changed before its time proves nothing, whether that was seen before the first entry that counts or within one.
func TestFickle(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fickle bool
		later  string // what bob was told on the third entry, which he had filled
		want   verdict
	}{{"steady", false, "bB bB", leak}, {"fickle before", true, "", unknown}, {"fickle within", false, "bB bA", shared}} {
		cast := map[byte]*Identity{'a': {Name: "alice"}, 'b': {Name: "bob"}}
		trial := &Trial{Readers: []*Identity{cast['a'], cast['b']}, Nobody: new(Identity), Forged: new(Identity), Marks: map[string]marks{"alice": {"alice@example.com": claimed}}}
		s := suspicion{victim: cast['a'], observer: cast['b'], made: answered(cast, "aA")[0], seen: answered(cast, "bA")[0]}
		c := &control{kind: byExpiry, giver: s.victim, taker: s.observer, fickle: tt.fickle}
		for _, script := range []string{"aA bA", "aA bA", "bB aB", "aA bA"} {
			c.entries = append(c.entries, entry{answers: answered(cast, script), lasted: time.Minute})
		}
		c.entries[2].later = answered(cast, tt.later)
		if p := trial.weigh(s, c); p.verdict != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.name, p.verdict, tt.want)
		}
	}
}

// Of what lasts for seconds more has to be seen than of what lasts for a minute.
func TestEnoughExpired(t *testing.T) {
	for _, tt := range []struct {
		lasts time.Duration
		named bool
		want  int
	}{{2 * time.Second, true, 8}, {2 * time.Second, false, 9}, {10 * time.Second, true, 6}, {time.Minute, true, 4}, {time.Minute, false, 5}} {
		if got := enoughExpired(tt.lasts, tt.named); got != tt.want || got > mostExpired {
			t.Errorf("%v, named %v: %d, want %d", tt.lasts, tt.named, got, tt.want)
		}
	}
}

// What is made anew each time is no stored response as a whole.
func TestWeighParts(t *testing.T) {
	cast := map[byte]*Identity{'a': {Name: "alice"}, 'b': {Name: "bob"}}
	trial := &Trial{Readers: []*Identity{cast['a'], cast['b']}, Nobody: new(Identity), Forged: new(Identity), Marks: map[string]marks{"alice": {"alice@example.com": claimed}}}
	s := suspicion{victim: cast['a'], observer: cast['b'], made: answered(cast, "a1")[0], seen: answered(cast, "b2")[0]}
	c := &control{kind: byQuery, giver: s.victim, taker: s.observer}
	for _, script := range append([]string{"bB aB", "a3 b4", "bB aB", "a5 b6"}, cycle(6, "bB", "a7")...) {
		c.entries = append(c.entries, entry{answers: answered(cast, script)})
	}
	if p := trial.weigh(s, c); p.verdict != leak || p.whole {
		t.Errorf("verdict %d, whole %v", p.verdict, p.whole)
	}
}

// What chance brings about as often before the other asked as after is not told from it by a few answers.
func TestChance(t *testing.T) {
	for _, tt := range []struct {
		d    draws
		most bool // it may be chance, as far as is asked for
	}{
		{draws{0, 100, 100}, true},
		{draws{1, 100, 100}, true},
		{draws{3, 4, 4}, true},
		{draws{8, 8, 4}, true},
		{draws{8, 8, 8}, false},
		{draws{20, 10, 5}, false},
		{draws{20, 10, 1}, true},
		{draws{20, 0, 0}, true},
	} {
		if got := tt.d.chance(); got > mostByChance != tt.most {
			t.Errorf("%+v: %.5f", tt.d, got)
		}
	}
}
