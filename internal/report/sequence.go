package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
)

// sequence is a proof drawn as who asked whom, in the user units of an SVG picture.
type sequence struct {
	ID            string // unique on the page
	Width, Height int
	Inner         int // width of what marks a row
	Bottom        int // of the lifelines
	Lanes         []lane
	Arrows        []arrow
	Title, Desc   string
}

// Crowd reports a picture too wide to be read when it is made as small as a phone.
func (s *sequence) Crowd() bool { return len(s.Lanes) > 6 }

// lane is the lifeline of a reader, of the cache, or of the origin.
type lane struct {
	X          int
	Left, Wide int // of the box around the name of a machine
	Name       string
	Machine    bool // no reader
}

// arrow is one step: a request that goes to the right, turns round at who answered, and comes back.
type arrow struct {
	Number, Status   int
	From, Y, Back    int // the reader, the way there, the way back
	Path, Head       string
	Class            string // "origin", "cache" or "unknown"
	Through          int    // where it passes the cache; 0: it does not
	BoxX, BoxY, BoxW int    // where it turns round
	NumberY          int
	StatusX, StatusY int
	Decisive         bool
	Row, RowH        int
}

const (
	laneWidth  = 80
	rowHeight  = 44
	headHeight = 44
	mostDrawn  = 20 // steps; the list beside the picture has all of them
)

// draw lays out a proof; nil where there is no step to draw.
func draw(id string, f finding.Finding) *sequence {
	steps := f.Evidence[:min(len(f.Evidence), mostDrawn)]
	if len(steps) == 0 {
		return nil
	}
	s := &sequence{ID: id, Title: "Who asked, and who answered", Desc: describe(steps)}
	at := s.lanes(steps)
	essential := decisive(f)
	for i, e := range steps {
		s.Arrows = append(s.Arrows, at.arrow(i, e, i == essential))
	}
	s.Bottom = headHeight + len(steps)*rowHeight
	s.Height = s.Bottom + 8
	return s
}

// places are where the lanes stand.
type places struct {
	readers       map[string]int
	cache, origin int // the same where no step is known to be from either
}

func (s *sequence) lanes(steps []finding.Evidence) places {
	at := places{readers: make(map[string]int)}
	add := func(name string, machine bool) int {
		x := laneWidth/2 + len(s.Lanes)*laneWidth
		s.Lanes = append(s.Lanes, lane{x, x - 30, 60, shorten(name, 9), machine})
		return x
	}
	for _, e := range steps {
		if _, ok := at.readers[e.As]; !ok {
			at.readers[e.As] = add(e.As, false)
		}
	}
	if slices.ContainsFunc(steps, func(e finding.Evidence) bool { return e.By != finding.ByUnknown }) {
		at.cache, at.origin = add("cache", true), add("origin", true)
	} else {
		at.cache = add("API", true) // a cache, or the origin: the proof does not say
		at.origin = at.cache
	}
	s.Width = len(s.Lanes) * laneWidth
	s.Inner = s.Width - 4
	return at
}

func (at places) arrow(i int, e finding.Evidence, essential bool) arrow {
	top := headHeight + i*rowHeight
	a := arrow{
		Number: i + 1, Status: e.Status, From: at.readers[e.As], Y: top + 17, Back: top + 31, BoxY: top + 12, NumberY: top + 21, StatusY: top + 13,
		Decisive: essential, Row: top + 2, RowH: rowHeight - 4,
	}
	const half = 5 // of the box in which it turns round
	to := at.cache
	switch e.By {
	case finding.ByOrigin:
		a.Class, a.Through, to = "origin", at.cache, at.origin
	case finding.ByCache:
		a.Class = "cache"
	default:
		a.Class = "unknown"
	}
	a.BoxX, a.BoxW = to-half, 2*half
	if a.Class == "unknown" { // one box over both
		a.BoxW += at.origin - at.cache
	}
	a.StatusX = at.cache - 10
	a.Path = fmt.Sprintf("M%d %dH%dM%d %dH%d", a.From+9, a.Y, a.BoxX, a.BoxX, a.Back, a.From+8)
	a.Head = fmt.Sprintf("M%d %dl9 -5v10z", a.From+1, a.Back)
	return a
}

// describe is the picture in words.
func describe(steps []finding.Evidence) string {
	var list []string
	for i, e := range steps {
		answered := "the API answered"
		switch e.By {
		case finding.ByOrigin:
			answered = "the request went through the cache to the origin, which answered"
		case finding.ByCache:
			answered = "the cache answered"
		}
		list = append(list, fmt.Sprintf("%d: %s asked, %s %d.", i+1, e.As, answered, e.Status))
	}
	return strings.Join(list, " ")
}
