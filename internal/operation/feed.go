package operation

import (
	"slices"
	"strings"
)

const (
	maxFed     = 16      // parameters of one operation that are looked for
	maxSources = 8       // of one parameter
	maxFeeds   = 100_000 // of a document
)

// Feed says whose answers may hold the values of a path parameter that the document states none for.
type Feed struct {
	// Operation is the index of the operation that needs the value.
	Operation int
	Parameter string
	// Sources are never empty, and have the best first.
	Sources []Source
}

// Source is an operation whose answer may hold a value.
type Source struct {
	// Operation is its index. Its method is GET, and all that it requires is stated or can be made, but for
	// the parameters in Same.
	Operation int
	// Same names for each path parameter of the source that of the fed operation whose value it must have:
	// the orders of one user are not found at another's. They are found first, and have feeds of their own.
	Same map[string]string
	// Asker is true where the value names whoever asks, and nothing that is theirs: others may have it by right.
	Asker bool
	// Names are the names of the members of the answer that may hold the value, the best first, for Pick.
	Names []string
}

// Feeds lists, in the order of the operations, what of their path parameters can be looked for in answers
// to others. A source has fewer path parameters than what it feeds, so who goes from feed to feed comes to
// an end.
func (d *Document) Feeds() []Feed {
	m := newMap(d.Operations)
	var list []Feed
	for i, op := range d.Operations {
		if op.Problem != "" || !strings.HasPrefix(op.Path, "/") {
			continue
		}
		for _, place := range places(op) {
			if sources := m.sources(i, place); len(sources) > 0 {
				if list = append(list, Feed{i, place.name, sources}); len(list) == maxFeeds {
					return list
				}
			}
		}
	}
	return list
}

// place is where a path parameter stands in a path, and nobody states its value.
type place struct {
	name   string
	before []string // names of the parameters before it
	parent string   // the shape of the path before it: /users/{}/orders
	suffix string   // of its segment: .json
}

// places are those of the first parameters of op, each once.
func places(op Operation) []place {
	stated := make(map[string]bool)
	for _, p := range op.Parameters {
		if p.In == "path" && len(p.Candidates) > 0 {
			stated[p.Name] = true
		}
	}
	var list []place
	var names []string
	path, _, _ := strings.Cut(op.Path, "?")
	for rest, at := path, 0; len(names) < maxFed; {
		open := strings.Index(rest, "{")
		if open < 0 {
			break
		}
		length := strings.Index(rest[open:], "}")
		if length < 0 {
			break
		}
		name := rest[open+1 : open+length]
		begin, end := at+open, at+open+length+1
		rest, at = path[end:], end
		suffix, _, _ := strings.Cut(rest, "/")
		// A segment of which the parameter is only the end, such as v{version}, is no element of a list.
		if !stated[name] && begin > 0 && path[begin-1] == '/' && !strings.Contains(suffix, "{") {
			list = append(list, place{name, names[:len(names):len(names)], shape(path[:begin]), suffix})
		}
		names, stated[name] = append(names, name), true
	}
	return list
}

// shape is a path without the names of its parameters, and without the slash at its end.
func shape(path string) string {
	path, _, _ = strings.Cut(path, "?")
	var b strings.Builder
	for {
		literal, rest, more := strings.Cut(path, "{")
		b.WriteString(literal)
		if !more {
			break
		}
		_, path, _ = strings.Cut(rest, "}")
		b.WriteString("{}")
	}
	return strings.TrimRight(b.String(), "/")
}

// pathMap finds operations that can be asked first.
type pathMap struct {
	operations []Operation
	byShape    map[string]int
	children   map[string][]int // those one literal segment below a shape
	byLast     map[string][]int // those that ask for no value, by the last segment, without the plural
	plain      []int            // some that ask for no value
	links      map[string][]linked
}

// linked is a link, by what it leads to.
type linked struct {
	from int
	link Link
}

func newMap(operations []Operation) pathMap {
	m := pathMap{operations, make(map[string]int), make(map[string][]int), make(map[string][]int), nil, make(map[string][]linked)}
	for i, op := range operations {
		if op.Method != "GET" || op.Problem != "" || !askable(op) {
			continue
		}
		path := shape(op.Path)
		if _, ok := m.byShape[path]; !ok {
			m.byShape[path] = i
		}
		if len(m.plain) < maxSources && !strings.Contains(path, "{") {
			m.plain = append(m.plain, i)
		}
		cut := strings.LastIndexByte(path, '/')
		if cut < 0 || strings.Contains(path[cut:], "{") {
			continue
		}
		if parent := path[:cut]; len(m.children[parent]) < maxSources {
			m.children[parent] = append(m.children[parent], i)
		}
		if last := oneOf(path[cut+1:]); len(m.byLast[last]) < maxSources && !strings.Contains(path, "{") {
			m.byLast[last] = append(m.byLast[last], i)
		}
	}
	for i, op := range operations {
		if op.Method != "GET" || op.Problem != "" || !askable(op) {
			continue
		}
		for _, l := range op.Links {
			if len(m.links[l.To]) < maxSources {
				m.links[l.To] = append(m.links[l.To], linked{i, l})
			}
		}
	}
	return m
}

// askable reports whether all that op requires, but for its path, is stated or can be made.
func askable(op Operation) bool {
	for _, p := range op.Asked() {
		if p.In != "path" && p.Required && len(p.Candidates) == 0 && len(p.Made) == 0 {
			return false
		}
	}
	return true
}

func (m pathMap) sources(fed int, p place) []Source {
	collection := p.parent[strings.LastIndexByte(p.parent, '/')+1:]
	if strings.Contains(collection, "{") {
		collection = "" // /{tenant}/{id}
	}
	people := oneself[oneOf(collection)] || oneself[strings.TrimSuffix(strings.Join(wordsOf(p.name), " "), " id")]
	var list []Source
	seen := map[int]bool{fed: true}
	add := func(source int, names []string) {
		if len(list) == maxSources || len(names) == 0 || seen[source] {
			return
		}
		if same, ok := m.same(source, p); ok {
			seen[source] = true
			list = append(list, Source{source, same, people && m.self(source), names})
		}
	}
	op := m.operations[fed]
	for _, to := range []string{op.ID, op.Method + " " + op.Path} {
		for _, l := range m.links[to] {
			if name := l.link.Names[p.name]; to != "" && name != "" {
				add(l.from, []string{name})
			}
		}
	}
	names := idNames(p.name, collection)
	if strings.HasPrefix(p.suffix, ".") {
		if i, ok := m.byShape[p.parent+p.suffix]; ok {
			add(i, names)
		}
	}
	if i, ok := m.byShape[p.parent]; ok {
		add(i, names)
	}
	for _, i := range m.children[p.parent] { // /users/me, /orders/latest
		add(i, names)
	}
	if cut := strings.LastIndexByte(p.parent, '/'); cut >= 0 && collection != "" { // /users/{}/cards, for /users/{}/card/{id}
		for _, i := range m.children[p.parent[:cut]] {
			if path := shape(m.operations[i].Path); oneOf(path[cut+1:]) == oneOf(collection) {
				add(i, names)
			}
		}
	}
	for _, i := range m.byLast[oneOf(collection)] { // /me/orders, for /orders/{id}
		add(i, names)
	}
	// What says of whoever asks how he is called, and at last whatever has a member that is called like the parameter.
	own := ownNames(p.name)
	if people {
		own = names
	}
	for _, last := range selves {
		for _, i := range m.byLast[last] {
			if m.self(i) {
				add(i, own)
			}
		}
	}
	if own := ownNames(p.name); len(own) > 0 {
		for _, i := range m.plain {
			add(i, own)
		}
	}
	return list
}

// oneself are the collections whose element an answer about whoever asks is.
var oneself = map[string]bool{"user": true, "customer": true, "member": true, "person": true, "profile": true, "employee": true, "client": true}

// self reports whether an operation answers about whoever asks.
func (m pathMap) self(operation int) bool {
	path := shape(m.operations[operation].Path)
	return slices.Contains(selves, strings.Join(wordsOf(path[strings.LastIndexByte(path, '/')+1:]), "-"))
}

// selves are the last segments of such paths.
var selves = []string{"me", "self", "whoami", "userinfo", "current-user", "profile", "user"}

// ownNames are the spellings of a parameter's name, unless it is one that identifiers of anything have.
func ownNames(parameter string) []string {
	words := wordsOf(parameter)
	if len(words) == 0 || len(words) == 1 && (len(words[0]) < 4 || slices.Contains(idWords, words[0])) {
		return nil
	}
	return append([]string{parameter}, spellings(words)...)
}

// oneOf is a segment without the plural of its last word.
func oneOf(segment string) string { return strings.Join(singular(wordsOf(segment)), "-") }

// same is Source.Same of an operation whose path parameters, if it has any, are the first of those before p,
// in the same places.
func (m pathMap) same(source int, p place) (map[string]string, bool) {
	t, err := parseTemplate(m.operations[source].Path)
	if err != nil || len(t.names) > len(p.before) || t.query < len(t.names) {
		return nil, false
	}
	if len(t.names) == 0 {
		return nil, true
	}
	path := shape(m.operations[source].Path)
	if !strings.HasPrefix(p.parent+"/", path[:strings.LastIndex(path, "{}")+len("{}")]) {
		return nil, false
	}
	same := make(map[string]string, len(t.names))
	for i, name := range t.names {
		same[name] = p.before[i]
	}
	return same, true
}

// idWords are what an identifier is called when it is not called after its object.
var idWords = []string{"id", "uuid", "guid", "_id", "key", "slug", "code", "number", "name"}

// idNames are the names that the value of a path parameter may have in an answer, the best first: its own,
// in the spellings of other languages; those made of the collection, whose plural is left; and the common ones.
func idNames(parameter, collection string) []string {
	var list []string
	seen := make(map[string]bool)
	add := func(names ...string) {
		for _, name := range names {
			if name != "" && !seen[name] {
				seen[name] = true
				list = append(list, name)
			}
		}
	}
	words := wordsOf(parameter)
	add(parameter)
	add(spellings(words)...)
	one := singular(wordsOf(collection))
	for _, word := range idWords[:2] {
		add(word)
		add(spellings(append(one[:len(one):len(one)], word))...)
	}
	add(spellings(one)...)
	add(idWords...)
	return list
}

// wordsOf are the words of a name, in lower case: order_id, orderId, OrderID and order-id are two.
func wordsOf(name string) []string {
	var words []string
	var word []byte
	end := func() {
		if len(word) > 0 {
			words, word = append(words, strings.ToLower(string(word))), nil
		}
	}
	for i := range min(len(name), maxName) {
		c := name[i]
		upper := c >= 'A' && c <= 'Z'
		switch {
		case c == '_' || c == '-' || c == '.' || c == ' ':
			end()
			continue
		case upper && i > 0 && !(name[i-1] >= 'A' && name[i-1] <= 'Z'):
			end()
		}
		word = append(word, c)
	}
	end()
	return words
}

// spellings are the ways to write a name of words: order_id, orderId, orderID, OrderId, order-id.
func spellings(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	title := func(words []string) (s string) {
		for _, w := range words {
			s += capital(w)
		}
		return s
	}
	list := []string{strings.Join(words, "_"), words[0] + title(words[1:])}
	if last := len(words) - 1; last > 0 && words[last] == "id" {
		list = append(list, words[0]+title(words[1:last])+"ID")
	}
	return append(list, title(words), strings.Join(words, "-"))
}

func capital(word string) string {
	if c := word[0]; c >= 'a' && c <= 'z' {
		return string(c-'a'+'A') + word[1:]
	}
	return word
}

// singular is the name of one of a collection, as far as English is regular.
func singular(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	w := words[last]
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		w = w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches") || strings.HasSuffix(w, "shes"):
		w = w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > 2:
		w = w[:len(w)-1]
	}
	return append(words[:last:last], w)
}
