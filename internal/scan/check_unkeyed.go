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
		if p.further || p.Operation.Method != "GET" || !first(p.Readers[0], p.Natural).ok() {
			return
		}
		if poisoner, reader := p.sharers(); poisoner != nil {
			p.reflections(ctx, poisoner, reader)
		}
		p.declared(ctx)
	},
	Judge: func(t *Trial) (list []finding.Finding) {
		for _, pair := range t.Pairs[finding.UnkeyedInput] {
			for _, f := range pair.reuse(finding.UnkeyedInput, func(suspicion) bool { return true }) {
				if f.Confidence != finding.Confirmed {
					continue
				}
				f.Summary = fmt.Sprintf("%s changes the response and is not in the cache key: what one request says there, another gets.", upperFirst(pair.spelling))
				list = append(list, f)
			}
		}
		return list
	},
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
		if e := first(id, p.Natural); e.ok() && (e.same(made) || p.shows(e, p.Readers[0])) {
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

// reflections asks with all inputs at once, under a URL that nobody else uses. Of those that are reflected it lets one ask
// with all of a kind, and the other without; and looks into the first that the other is told of.
func (p *probe) reflections(ctx context.Context, poisoner, reader *Identity) {
	var canaries []string
	for range inputs {
		canaries = append(canaries, "b"+newSalt()+"c"+newSalt()[:4])
	}
	e := p.tell(ctx, finding.UnkeyedInput, p.question(poisoner.says("unkeyed inputs", inputs, canaries), p.variant(byQuery)))
	if e.err != nil {
		return
	}
	for _, in := range []string{"header", "query", "cookie"} {
		var list []input
		var marked []string
		for i := range inputs {
			if inputs[i].in == in && e.holds(canaries[i]) {
				list, marked = append(list, inputs[i]), append(marked, canaries[i])
			}
		}
		if len(list) == 0 {
			continue
		}
		many, u := poisoner.says("unkeyed inputs", list, marked), p.variant(byQuery)
		ask := func(id *Identity) *exchange { return p.tell(ctx, finding.UnkeyedInput, p.question(id, u)) }
		ask(many)
		ask(many) // some store from the second request on
		told := ask(reader)
		for i := range list {
			if told.err == nil && told.holds(marked[i]) && p.unkeyed(ctx, poisoner, reader, list[i], marked[i]) {
				return
			}
		}
	}
}

// unkeyed tries to prove of one input that what is said in it reaches who does not say it.
func (p *probe) unkeyed(ctx context.Context, poisoner, reader *Identity, in input, canary string) bool {
	what := map[string]string{"query": "the query parameter ", "cookie": "the cookie ", "header": ""}[in.in] + in.name
	one := poisoner.says(what, []input{in}, []string{canary})
	q := p.pair(finding.UnkeyedInput, p.variant(byQuery), one, reader, map[string]marks{one.Name: {in.value(canary): given}})
	q.spelling = what
	if !q.ask(ctx, one, one, reader) {
		return false
	}
	q.controls(ctx)
	return len(q.reuse(finding.UnkeyedInput, func(suspicion) bool { return true })) > 0
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
			if param.In != in || in == "query" && !selecting.MatchString(param.Name) {
				continue
			}
			value, ok := p.another(param)
			if !ok {
				continue
			}
			what := map[string]string{"query": "the query parameter ", "header": "the field ", "cookie": "the cookie "}[in] + excerpt(p.redactor.Text(param.Name), 60)
			one := p.Readers[0].saying(what+"="+excerpt(p.redactor.Text(value), 40), nil, "")
			one.set = setting{in, param.Name, value}
			if in == "query" {
				p.otherQuery(ctx, one, what)
			} else {
				p.otherField(ctx, one, what)
			}
			break
		}
	}
}

// otherQuery asks for the URL with the other value, which is another URL: where a cache keeps the query out of its key it
// answers with what the natural one has left.
func (p *probe) otherQuery(ctx context.Context, one *Identity, what string) {
	a := p.Readers[0]
	q := p.pair(finding.UnkeyedInput, p.target, one, a, nil)
	q.spelling, q.patient, q.Natural = what, true, []*exchange{first(a, p.Natural)}
	if !q.ask(ctx, one) {
		return
	}
	// Another answer, or none, is made of the value: nothing is mixed up.
	if e := q.Natural[1]; e.ok() && e.same(q.Natural[0]) {
		q.controls(ctx)
	}
}

// otherField asks with the other value first, under a URL that nobody else uses, and then without.
func (p *probe) otherField(ctx context.Context, one *Identity, what string) {
	a := p.Readers[0]
	q := p.pair(finding.UnkeyedInput, p.variant(byQuery), one, a, nil)
	q.spelling = what
	if !q.ask(ctx, one) || !q.Natural[0].ok() || q.Natural[0].same(first(a, p.Natural)) {
		return // refused, or of no effect
	}
	if q.ask(ctx, one, a) && q.Natural[2].same(q.Natural[0]) {
		q.controls(ctx)
	}
}

// another is a value of a parameter that is not the one the operation was asked with.
func (p *probe) another(param operation.Parameter) (string, bool) {
	present, asked := p.present(param)
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
