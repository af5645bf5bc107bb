package scan

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/httpfield"
	"github.com/bearcache/bearcache/internal/operation"
)

// An input is something that a request may say and that many caches do not look at. value makes it of a canary.
type input struct {
	name  string
	in    string // header, query or cookie
	value func(canary string) string
}

func host(canary string) string  { return canary + ".example" }
func plain(canary string) string { return canary }

// inputs that nobody declares, and that frameworks build links, redirects and more from. All go in one request; the
// canary in the answer says which it was. Those that lead to another resource or method are left out: their answer
// would hide what the others do.
var inputs = []input{
	{"X-Forwarded-Host", "header", host},
	{"X-Host", "header", host},
	{"X-Forwarded-Server", "header", host},
	{"X-Http-Host-Override", "header", host},
	{"Forwarded", "header", func(c string) string { return "host=" + host(c) }},
	{"X-Forwarded-Proto", "header", plain},
	{"X-Forwarded-Scheme", "header", plain},
	{"X-Forwarded-Prefix", "header", func(c string) string { return "/" + c }},
	{"X-Forwarded-Port", "header", plain},
	{"X-Forwarded-For", "header", plain},
	{"X-Real-Ip", "header", plain},
	{"Referer", "header", func(c string) string { return "https://" + host(c) + "/" }},
	{"Origin", "header", func(c string) string { return "https://" + host(c) }},
	{"X-Requested-With", "header", plain},
	{"utm_source", "query", plain},
	{"utm_campaign", "query", plain},
	{"callback", "query", plain},
	{"lang", "query", plain},
	{"lang", "cookie", plain},
	{"theme", "cookie", plain},
}

// says is id with inputs, each with a canary of its own.
func (id *Identity) says(what string, list []input, canaries []string) *Identity {
	header, query, cookies := make(http.Header), []string{}, []string{}
	for i, in := range list {
		v := in.value(canaries[i])
		switch in.in {
		case "header":
			header[in.name] = []string{v}
		case "query":
			query = append(query, in.name+"="+url.QueryEscape(v))
		case "cookie":
			cookies = append(cookies, in.name+"="+v)
		}
	}
	if len(cookies) > 0 {
		header["Cookie"] = []string{strings.Join(cookies, "; ")}
	}
	return id.saying(what, header, strings.Join(query, "&"))
}

var unkeyedInput = Check{
	Rule: finding.UnkeyedInput,
	Probe: func(ctx context.Context, p *probe) {
		if p.further || p.Operation.Method != "GET" {
			return
		}
		if poisoner, reader := p.sentElsewhere(); poisoner != nil {
			q := *p
			q.moves = true
			q.reflections(ctx, poisoner, reader)
		}
		if !first(p.Readers[0], p.Natural).ok() {
			return
		}
		poisoner, reader := p.sharers()
		changed := false
		if poisoner != nil && (p.learnt.try("inputs", p.server(), mostReflecting) || p.links()) {
			changed = p.reflections(ctx, poisoner, reader)
		}
		p.declared(ctx)
		if mixed := slices.ContainsFunc(p.suspicions(), func(s suspicion) bool { return p.proofOf(s).verdict == leak }); mixed {
			return // it is another's answer for more than that
		}
		if poisoner == nil { // a reader can only mislead itself
			poisoner, reader = p.Readers[0], p.Readers[0]
		}
		p.negotiated(ctx, poisoner, reader, changed)
	},
	Judge: func(t *Trial) (list []finding.Finding) {
		for _, pair := range t.Pairs[finding.UnkeyedInput] {
			for _, f := range pair.reuse(finding.UnkeyedInput, func(suspicion) bool { return true }) {
				if f.Confidence != finding.Confirmed {
					continue
				}
				f.Summary = fmt.Sprintf("%s changes the response and is not in the cache key: what one request says there, another gets.", upperFirst(pair.spelling))
				f.Detail = pair.input.advice(pair.repeated(), first(pair.Readers[0], pair.Natural).leads)
				if pair.input.negotiates() { // the one chooses among what the API has, and can put nothing in
					f.Severity = finding.Medium
				}
				list = append(list, f)
			}
		}
		return list
	},
}

// repeated says how often it was seen.
func (t *Trial) repeated() string {
	for _, s := range t.suspicions() {
		if p := t.proofOf(s); p.verdict == leak && p.follows {
			return fmt.Sprintf(" On %d entries in a row the content followed whoever came first.", len(p.control.entries))
		}
	}
	return ""
}

// called is what a request says it in, as a sentence has it.
func (in input) called() string {
	return map[string]string{"query": "the query parameter ", "cookie": "the cookie ", "header": ""}[in.in] + in.name
}

func (in input) negotiates() bool {
	return in.in == "header" && (in.name == "Accept" || in.name == "Accept-Language")
}

// advice says what is wrong and what to do about it, for one input.
func (in input) advice(repeated string, redirects bool) string {
	said := "The cache key does not contain " + in.called() + ", which the response depends on." + repeated
	switch {
	case in.in == "query":
		return said + " Put it into the key, best with the whole query, or have the application not look at it."
	case in.in == "cookie":
		return said + " Put its value into the key, or answer with Vary: Cookie; or have the application not build from it what is stored."
	case in.negotiates():
		return said + " Answer with Vary: " + in.name + " and have the cache obey it, or put into the key what the field comes down to, or have the cache drop the field."
	case redirects:
		return said + " Whoever asks next is sent where that request wanted. Have the cache or a proxy before it set or drop " + in.name +
			", and build Location from a configured name; if the field is needed, put it into the key or into Vary."
	}
	return said + " Have a proxy of yours set or drop " + in.name + ", and the application build nothing from what clients say there; if it is needed, put it into the key or into Vary."
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// sharers are two who share what is stored for the operation, as far as was seen: what the one causes to be stored
// reaches the other. nil where everybody has an answer of its own.
func (p *probe) sharers() (poisoner, reader *Identity) {
	made := first(p.Readers[0], p.Natural)
	for _, id := range append(p.Readers[1:len(p.Readers):len(p.Readers)], p.Nobody) {
		if e := first(id, p.Natural); e.ok() && (e.same(made) || p.shows(e, p.Readers[0]) && !p.differed(id, p.Readers[0])) {
			if id == p.Nobody {
				return p.Readers[0], id
			}
			return id, p.Readers[0]
		}
	}
	if len(p.Readers) == 1 { // what a reader says now may come back later
		return p.Readers[0], p.Readers[0]
	}
	return nil, nil
}

// sentElsewhere are two who are sent to the same place by a redirect: readers who are, or nobody, if it is.
func (p *probe) sentElsewhere() (poisoner, reader *Identity) {
	made := first(p.Readers[0], p.Natural)
	if made.redirects() {
		for _, id := range p.Readers[1:] {
			if e := first(id, p.Natural); e.redirects() && e.header.Get("Location") == made.header.Get("Location") {
				return id, p.Readers[0]
			}
		}
		if len(p.Readers) == 1 {
			return p.Readers[0], p.Readers[0]
		}
	}
	if e := first(p.Nobody, p.Natural); e.redirects() && p.learnt.try("redirects", p.server(), mostRedirects) {
		return p.Nobody, p.Nobody
	}
	return nil, nil
}

// links reports whether the first reader's answer holds an absolute URL, which may be made of what a request says.
func (t *Trial) links() bool {
	e := first(t.Readers[0], t.Natural)
	return strings.Contains(e.content.text, "://") || e.header["Link"] != nil || e.header["Location"] != nil
}

// languages are asked for in this order: whatever an API has beside what it takes by itself is likely among them.
const languages = "fr, de;q=0.9, es;q=0.9, sv;q=0.8, it;q=0.8, pt;q=0.8, nl;q=0.8, pl;q=0.7, ja;q=0.7, zh;q=0.7, ko;q=0.6, ru;q=0.6, tr;q=0.6, ar;q=0.6, hi;q=0.6, en;q=0.2"

// reflections asks with all inputs at once, under a URL that nobody else uses. Of those that are reflected it lets one ask
// with all of a kind, and the other without; and looks into the first that the other is told of. It reports whether the answer
// is another than without, and nothing that was said stands in it.
func (p *probe) reflections(ctx context.Context, poisoner, reader *Identity) (changed bool) {
	var canaries []string
	for range inputs {
		canaries = append(canaries, "b"+newSalt()+"c"+newSalt()[:4])
	}
	all := poisoner.says("unkeyed inputs", inputs, canaries)
	all.header.Set("Accept-Language", languages)
	e := p.tell(ctx, finding.UnkeyedInput, p.question(all, p.variant(byQuery)))
	if e.err != nil {
		return false
	}
	reflected := false
	for _, in := range []string{"header", "query", "cookie"} {
		var list, said []input
		var marked, spoken []string
		for i := range inputs {
			if inputs[i].in != in {
				continue
			}
			said, spoken = append(said, inputs[i]), append(spoken, canaries[i])
			if e.holds(canaries[i]) {
				list, marked = append(list, inputs[i]), append(marked, canaries[i])
			}
		}
		if len(list) == 0 {
			continue
		}
		reflected = true
		if !e.redirects() || p.moves { // otherwise one may be needed for the redirect, and another for where it leads
			said, spoken = list, marked
		}
		if p.reaches(ctx, poisoner, reader, list, marked, said, spoken) {
			break
		}
	}
	return !reflected && e.ok() && !e.says(common(contents(p.Natural), nil))
}

// reaches lets one ask with all that is said, and the other without, and looks into those of list that the other is told of.
func (p *probe) reaches(ctx context.Context, poisoner, reader *Identity, list []input, marked []string, said []input, spoken []string) bool {
	many := poisoner.says(list[0].called(), said, spoken)
	values := marks{}
	for i := range list {
		values[marked[i]] = given
	}
	q := p.inputPair(many, reader, list[0], values)
	if q.moves = p.moves || len(said) > len(list); len(said) > 1 {
		q.spelling += ", with other fields beside it,"
	}
	if !q.ask(ctx, many, many, reader) { // some store from the second request on
		return false
	}
	if len(said) > 1 {
		reached := func(i int) bool { return q.Natural[2].holds(marked[i]) }
		some := false
		for i := range list {
			if some = some || reached(i); reached(i) && p.unkeyed(ctx, poisoner, reader, list[i], marked[i]) {
				return true
			}
		}
		if !some {
			return false
		}
	}
	return q.proven(ctx)
}

// inputPair is a pair of one who says something under a URL that nobody else uses, and of who does not.
func (p *probe) inputPair(one, reader *Identity, in input, values marks) *probe {
	q := p.pair(finding.UnkeyedInput, p.variant(byQuery), one, reader, map[string]marks{one.Name: values})
	q.spelling, q.input = in.called(), in
	return q
}

// proven looks into what was asked under the pair's own URL.
func (p *probe) proven(ctx context.Context) bool {
	p.filled = p.Natural[:len(p.Natural):len(p.Natural)]
	p.controls(ctx)
	return len(p.reuse(finding.UnkeyedInput, func(suspicion) bool { return true })) > 0
}

// unkeyed tries to prove of one input that what is said in it reaches who does not say it.
func (p *probe) unkeyed(ctx context.Context, poisoner, reader *Identity, in input, canary string) bool {
	one := poisoner.says(in.called(), []input{in}, []string{canary})
	q := p.inputPair(one, reader, in, marks{canary: given})
	return q.ask(ctx, one, one, reader) && q.proven(ctx)
}

// holds reports whether text stands anywhere in the answer.
func (e *exchange) holds(text string) bool {
	if e.content != nil && strings.Contains(e.content.text, text) {
		return true
	}
	for _, values := range e.header {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, text) }) {
			return true
		}
	}
	return false
}

// selecting names parameters that usually make another answer.
var selecting = regexp.MustCompile(`(?i)page|offset|cursor|start|limit|size|count|^q$|query|search|sort|order|lang|locale|country|region|currency|filter|id$|date|from|` +
	`^to$|since|until|month|year|day|category|type|kind|status|format|fields|view|tenant|org|account|workspace|project|customer|role|name|tag|version`)

// declared asks with another value of what the document declares in the query, in a field or in a cookie, one of each: an
// answer that does not follow the value may come from a cache that does not look there.
func (p *probe) declared(ctx context.Context) {
	for _, in := range []string{"query", "header", "cookie"} {
		for _, param := range p.Operation.Asked() {
			if param.In != in || in == "query" && !selecting.MatchString(param.Name) || isLanguage(param) {
				continue
			}
			value, ok := p.another(param)
			if !ok {
				continue
			}
			what := input{name: excerpt(p.redactor.Text(param.Name), 60), in: in}
			one := p.setting(p.Readers[0], param, value)
			if in == "query" {
				p.otherQuery(ctx, one, what, param)
				p.chosen(ctx, one, what, param, value)
			} else {
				p.otherField(ctx, one, p.Readers[0], what)
			}
			break
		}
	}
}

// setting is a reader with another value of a parameter.
func (p *probe) setting(id *Identity, param operation.Parameter, value string) *Identity {
	name := input{name: excerpt(p.redactor.Text(param.Name), 60), in: param.In}.called()
	one := id.saying(name+"="+excerpt(p.redactor.Text(value), 40), nil, "")
	one.set = setting{param.In, param.Name, value}
	return one
}

// otherQuery asks for the URL with the other value, which is another URL: where a cache keeps the query out of its key it
// answers with what the natural one has left.
func (p *probe) otherQuery(ctx context.Context, one *Identity, what input, param operation.Parameter) {
	a := p.Readers[0]
	q := p.pair(finding.UnkeyedInput, p.target, one, a, nil)
	q.spelling, q.input, q.patient, q.Natural = what.called(), what, true, []*exchange{first(a, p.Natural)}
	if !q.ask(ctx, one) {
		return
	}
	// Another answer, or none, is made of the value: nothing is mixed up.
	if e := q.Natural[1]; e.ok() && e.same(q.Natural[0]) {
		q.controls(ctx)
		ruled := func(s suspicion) bool { return q.proofOf(s).verdict != unknown }
		if !slices.ContainsFunc(q.suspicions(), ruled) && (e.hit() || p.suspected.Load() || p.meaningless(ctx, param)) {
			p.doubt = "another value of " + what.called() + " gave the same bytes, and nothing told a parameter that the API does not look at from a cache that " +
				"leaves it out of its key: give --origin URL, or a --wait longer than the cache keeps it"
		}
	}
}

// chosen has another reader choose the same value, where the first was given another answer for it than without, and each has its own without: some cache
// what is filtered, and nothing else.
func (p *probe) chosen(ctx context.Context, one *Identity, what input, param operation.Parameter, value string) {
	a := p.Readers[0]
	pairs := p.Pairs[finding.UnkeyedInput]
	e := first(one, pairs[len(pairs)-1].Natural)
	if !e.ok() || e.empty() || e.same(first(a, p.Natural)) || !p.answeredApart() || slices.ContainsFunc(p.Readers, p.leaks) {
		return
	}
	other := p.setting(p.Readers[1], param, value)
	q := p.pair(finding.CrossIdentityReuse, p.target, one, other, map[string]marks{one.Name: p.Marks[a.Name], other.Name: p.Marks[p.Readers[1].Name]})
	q.Natural, q.spelling, q.input = []*exchange{e}, what.called(), what
	if !q.ask(ctx, other) {
		return
	}
	// A search that finds nothing says the same to both.
	if marks, _ := p.Marks[a.Name].in(q.Natural[1].content); len(marks) > 0 || p.hinted(suspicion{victim: a, observer: p.Readers[1], seen: q.Natural[1]}) != "" {
		q.controls(ctx)
	}
}

// numeric and searched name parameters for which a word that nobody uses is an error, or finds nothing.
var (
	numeric  = regexp.MustCompile(`(?i)page|offset|start|skip|limit|size|count|year|month|day`)
	searched = regexp.MustCompile(`(?i)^q$|query|search|id$`)
)

// meaningless reports whether a value that says nothing gives the same answer too, where an API that looks at the parameter would
// give another. It is asked for under a URL that nobody else uses: the answer may be an error.
func (p *probe) meaningless(ctx context.Context, param operation.Parameter) bool {
	number := func(v string) bool { _, err := strconv.Atoi(v); return err == nil }
	if !numeric.MatchString(param.Name) && !searched.MatchString(param.Name) && !slices.ContainsFunc(param.Candidates, number) {
		return false
	}
	a := p.Readers[0]
	e := p.tell(ctx, finding.UnkeyedInput, p.question(p.setting(p.Readers[0], param, "b"+newSalt()), p.variant(byQuery)))
	return e.same(first(a, p.Natural))
}

// otherField asks with something said in a field or a cookie first, under a URL that nobody else uses, and then as who does not say it.
func (p *probe) otherField(ctx context.Context, one, reader *Identity, what input) bool {
	q := p.inputPair(one, reader, what, nil)
	if !q.ask(ctx, one) || !q.Natural[0].ok() || q.Natural[0].says(common(contents(of(reader, p.Natural)), nil)) {
		return false // refused, or of no effect
	}
	return q.ask(ctx, one, reader) && q.Natural[2].same(q.Natural[0]) && q.proven(ctx)
}

// negotiated asks for another language and another format, where the document or the answer says that there may be one, or where
// something that was said together with a language made another answer.
func (p *probe) negotiated(ctx context.Context, poisoner, reader *Identity, changed bool) {
	made := first(p.Readers[0], p.Natural)
	varies, _ := httpfield.Vary(made.header)
	language := changed || slices.Contains(varies, "Accept-Language") || slices.ContainsFunc(p.Operation.Asked(), isLanguage)
	in := func(name, value string) {
		one := poisoner.saying(name, http.Header{name: {value}}, "")
		if p.learnt.try(name, p.server(), mostNegotiated) && p.otherField(ctx, one, reader, input{name: name, in: "header"}) {
			p.learnt.took(name)
		}
	}
	if language {
		in("Accept-Language", languages)
	}
	if format := p.format(made, slices.Contains(varies, "Accept")); format != "" {
		in("Accept", format)
	}
}

func isLanguage(p operation.Parameter) bool {
	return p.In == "header" && strings.EqualFold(p.Name, "Accept-Language")
}

// format is what to ask for in Accept, for another answer than made; "": there seems to be one only.
func (p *probe) format(made *exchange, varies bool) string {
	media, _, _ := strings.Cut(made.header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	for _, m := range p.Operation.Answers {
		if m != media {
			return m + ", */*;q=0.1"
		}
	}
	switch {
	case !varies:
		return ""
	case strings.HasSuffix(media, "json"):
		return "text/html, application/xml;q=0.9, text/csv;q=0.8, */*;q=0.1"
	}
	return "application/json, */*;q=0.1"
}

// another is a value of a parameter that is not the one the operation was asked with.
func (p *probe) another(param operation.Parameter) (string, bool) {
	present, asked := p.present(param)
	if v := usual(param); !asked && v != "" && len(param.Candidates) < 2 {
		return v, true
	}
	if !asked && len(param.Candidates) > 1 { // the first is most likely what the API takes by itself
		return param.Candidates[1], true
	}
	for _, v := range append(slices.Clone(param.Candidates), param.Made...) {
		if v != present && (asked || v != "" && v != "0" && v != "1" && v != "false") {
			return v, true
		}
	}
	for _, v := range append([]string{present}, param.Candidates...) {
		if n, err := strconv.Atoi(v); err == nil {
			return strconv.Itoa(n + 1), true
		}
	}
	// Where numbers are wanted a word is an error, which is another answer too.
	switch {
	case asked || len(param.Candidates) > 0:
		return "", false
	case param.In == "query": // what a visitor might say: for a moment a careless cache may answer others with it
		return "example", true
	}
	return "b" + newSalt() + "c", true
}

// usual is a value that a list's part is asked for with, and not what an API takes by itself; "" where the name says nothing.
func usual(param operation.Parameter) string {
	switch {
	case param.In != "query":
	case firstIsOne.MatchString(param.Name):
		return "2"
	case least.MatchString(param.Name):
		return "1"
	}
	return ""
}

var (
	firstIsOne = regexp.MustCompile(`(?i)^(page|p|page[-_]?(no|num|number|index))$`)
	least      = regexp.MustCompile(`(?i)^(limit|offset|skip|start|size|count|(per[-_]?)?page[-_]?size|per[-_]?page)$`)
)

// present is the value that the operation is asked with.
func (p *probe) present(param operation.Parameter) (string, bool) {
	switch param.In {
	case "query":
		values, ok := p.target.Query()[param.Name]
		return strings.Join(values, ","), ok
	case "header":
		v := p.header.Get(param.Name)
		return v, v != ""
	}
	return "", false
}

// setting is a parameter that an asker gives a value of its own.
type setting struct{ in, name, value string }

// apply makes u and h say it.
func (s setting) apply(u *url.URL, h http.Header) (*url.URL, http.Header) {
	switch s.in {
	case "query":
		kept := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			plain, err := url.QueryUnescape(name)
			return pair == "" || err == nil && plain == s.name
		})
		v := *u
		v.RawQuery = strings.Join(append(kept, url.QueryEscape(s.name)+"="+url.QueryEscape(s.value)), "&")
		return &v, h
	case "header":
		return u, with(h, s.name, s.value)
	case "cookie":
		return u, with(h, "Cookie", s.name+"="+url.QueryEscape(s.value))
	}
	return u, h
}
