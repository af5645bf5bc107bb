package varnish

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bearcache/bearcache/internal/finding"
)

func placeAt(f *source, line int, note string) finding.Place {
	return finding.Place{File: f.path, Line: line, Note: note}
}

func (st *statement) noted(note string) finding.Place { return placeAt(st.file, st.line, note) }

// finding puts a verdict into words.
func (v verdict) finding() finding.Finding {
	f := finding.Finding{Rule: v.rule, Severity: v.rule.Severity, Confidence: finding.Likely, Summary: v.summary(), Detail: v.detail(),
		Source: &finding.Source{Place: v.blamed.noted(""), EndLine: v.blamed.line, Trace: v.trace(), Fix: v.fix(), Edits: v.edits(),
			Safe: v.rule == finding.VarnishHashIgnoresAuthorization && v.sure}}
	if v.blind {
		f.Severity = finding.Low
	}
	switch {
	case v.sure:
		f.Confidence = finding.Confirmed
	case v.doubtful:
		f.Confidence = finding.Possible
	}
	if v.sub != nil {
		f.Source.Symbol, f.Source.EndLine = v.sub.name, v.sub.endLine
	}
	f.Source.Key = v.key()
	return f
}

// key is the statement, and its number among those of the subroutine that read the same. What else stands on its line is left out: it
// may be a secret.
func (v verdict) key() string {
	own := v.blamed.file.text[v.blamed.start:v.blamed.end]
	if v.sub == nil {
		return printable(own)
	}
	n := strings.Count(v.blamed.file.text[v.sub.start:v.blamed.start], own)
	return printable(own) + strings.Repeat("'", min(n, 100))
}

func (f *source) lineAt(offset int) string {
	start := strings.LastIndexByte(f.text[:offset], '\n') + 1
	line, _, _ := strings.Cut(f.text[start:], "\n")
	return line
}

// printable leaves out what would make a report unreadable.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || unicode.IsControl(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "")
	}
	return s
}

func (v verdict) summary() string {
	switch {
	case v.rule == finding.VarnishStripsAuthorization && v.copied:
		return "The Authorization field is moved out of sight before the lookup, and the backend gets the credentials all the same."
	case v.rule == finding.VarnishStripsAuthorization && v.blind:
		return "The Authorization field is removed before the lookup: the backend never sees who asks, and answers all callers alike."
	case v.rule == finding.VarnishStripsAuthorization:
		return "The Authorization field is removed before the lookup, which passes such requests no longer, and the backend gets their cookies all the same."
	case v.by == cookie:
		return "Requests with a session's cookie are looked up under a hash without it."
	case v.cut != nil:
		return "Requests with an Authorization field are looked up under a hash with a part of it that tokens share."
	}
	return "Requests with an Authorization field are looked up under a hash without it."
}

func (v verdict) detail() string {
	var b strings.Builder
	switch {
	case v.rule == finding.VarnishStripsAuthorization:
		b.WriteString("Varnish's own code passes a request that has an Authorization field. It is gone when that code, or the lookup, comes to it. ")
		switch {
		case v.copied:
			b.WriteString("A copy of the credentials goes to the backend, which answers by them: the first answer is stored, and given to everybody else.")
		case v.blind:
			b.WriteString("No reader is given another's answer, since the backend makes all of them for nobody: where it wants a token, it refuses everybody, and a refusal is not stored. " +
				"But where it leaves the check of tokens to whoever asks it, nobody checks them.")
		default:
			b.WriteString("If the backend knows callers by a cookie, too, the answer to the first is stored, and given to everybody else.")
		}
	case v.by == cookie:
		b.WriteString("Varnish's own code passes a request that has a cookie. This return ends vcl_recv before it, for requests in which the program itself found a session's cookie. The answer to the first of them is stored, and given to the others.")
	default:
		b.WriteString("Varnish's own code passes a request that has an Authorization field. ")
		if v.lookup != nil {
			b.WriteString("This return ends vcl_recv before it. ")
		} else {
			b.WriteString("This return ends the part of it that would. ")
		}
		b.WriteString("The answer to the first bearer is stored, and given to the next, and to who has no token.")
	}
	if v.forced == nil && !v.blind {
		b.WriteString(" What the origin marks private, no-cache or no-store is not stored; all else is.")
	}
	return b.String()
}

// trace tells the facts in the order in which a request meets them.
func (v verdict) trace() (list []finding.Place) {
	name := "Authorization"
	if v.by == cookie {
		name = "Cookie"
	}
	if v.rule == finding.VarnishStripsAuthorization {
		list = append(list, v.blamed.noted("the field is removed here"))
	} else if v.mention != nil && v.mention != v.blamed && v.by == authorization {
		list = append(list, v.mention.noted("Authorization has a meaning here"))
	}
	switch {
	case v.lookup != nil:
		list = append(list, v.lookup.noted("vcl_recv ends here with a lookup: the built-in code, which passes requests with Authorization or Cookie, is not reached"))
	case v.rule == finding.VarnishHashIgnoresAuthorization:
		list = append(list, v.blamed.noted("the built-in check for Authorization ends here"))
	}
	if v.cut != nil {
		list = append(list, v.cut.noted("what enters the hash of Authorization is the same for two tokens of one issuer"))
	} else if v.hash != nil {
		list = append(list, placeAt(v.hash.file, v.hash.line, "nothing of "+name+" enters the hash"))
	} else if at := v.blamed; v.lookup != nil {
		at = v.lookup
		list = append(list, at.noted("there is no vcl_hash: the hash is the built-in one, of URL and host"))
	} else {
		list = append(list, at.noted("there is no vcl_hash: the hash is the built-in one, of URL and host"))
	}
	if v.forced != nil {
		list = append(list, v.forced.noted("the answer is kept for this time, whatever the origin says of it"))
	}
	return list
}

func (v verdict) fix() string {
	switch {
	case v.by == cookie:
		return "Pass requests with a cookie above this line, or take the session's cookie into vcl_hash."
	case v.rule == finding.VarnishStripsAuthorization && v.copied:
		return "Pass requests with Authorization above this line, or take the copy into vcl_hash with hash_data."
	case v.rule == finding.VarnishStripsAuthorization:
		return "Pass requests with Authorization above this line, or remove the field for URLs alone whose answers are everybody's."
	case v.lookup == nil:
		return "Leave the built-in check in force: take this return away, or pass requests with Authorization above it."
	}
	return "Pass requests with Authorization above this line, or take the field into vcl_hash with hash_data."
}

// edits put what the built-in code would have done before the statement.
func (v verdict) edits() []finding.Edit {
	at := v.blamed
	if at.isBuiltin() {
		return nil
	}
	header := "Authorization"
	if v.by == cookie {
		header = "Cookie"
	}
	if asked, _ := v.asked("req.http." + strings.ToLower(header)); asked && at.start < at.end {
		return []finding.Edit{{File: at.file.path, Start: at.start, End: at.end, Text: "return (pass);"}}
	}
	line := at.file.lineAt(at.start)
	start := strings.LastIndexByte(at.file.text[:at.start], '\n') + 1
	indent := line[:at.start-start]
	text := "if (req.http." + header + ") { return (pass); } "
	if strings.Trim(indent, " \t") == "" {
		step := "    "
		if strings.HasPrefix(indent, "\t") {
			step = "\t"
		} else if len(indent)%4 != 0 {
			step = "  "
		}
		text = "if (req.http." + header + ") {\n" + indent + step + "return (pass);\n" + indent + "}\n" + indent
	}
	return []finding.Edit{{File: at.file.path, Start: at.start, End: at.start, Text: text}}
}

// asked reports whether the statement is run for requests with the field alone, by an if around it.
func (v verdict) asked(variable string) (asked, found bool) {
	if v.sub == nil {
		return false, false
	}
	return askedIn(v.sub.body, v.blamed, variable)
}

func askedIn(list []*statement, at *statement, variable string) (asked, found bool) {
	for _, st := range list {
		if st == at {
			return false, true
		}
		for i, a := range st.arms {
			if asked, found = askedIn(a.body, at, variable); !found {
				continue
			}
			asked = asked || a.when != nil && a.when.wants(variable, true)
			for _, before := range st.arms[:i] {
				asked = asked || before.when != nil && before.when.wants(variable, false)
			}
			return asked, true
		}
	}
	return false, false
}

// wants reports whether a condition that comes out as said does so for requests with the field alone.
func (e *expression) wants(of string, said bool) bool {
	each := func(arg *expression) bool { return arg.wants(of, said) }
	switch e.op {
	case variable:
		return said && e.text == of
	case not:
		return e.args[0].wants(of, !said)
	case and:
		return said && slices.ContainsFunc(e.args, each)
	case or:
		return !said && slices.ContainsFunc(e.args, each)
	case compare:
		positive := e.text == "~" || e.text == "=="
		return (positive || e.text == "!~" || e.text == "!=") && positive == said &&
			e.args[0].op == variable && e.args[0].text == of && e.args[1].isString() && e.args[1].text != ""
	}
	return false
}
