package operation

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// maxCurl bounds a file of curl lines in bytes.
const maxCurl = 1 << 20

// ParseCurl reads lines of curl as browsers copy them and manuals print them: each URL is an operation.
// Credentials in them are dropped. Errors name the line, and an option only if it looks like one.
func ParseCurl(name string, data []byte) (*Document, error) {
	if len(data) > maxCurl {
		return nil, fmt.Errorf("%s: has more than %d MiB; scan it in parts", name, maxCurl>>20)
	}
	if err := encoded(data); err != nil {
		return nil, located(name, err)
	}
	list, err := commands(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := newCollector(name)
	for _, command := range list {
		at := func(err error) error { return fmt.Errorf("%s: line %d: %w", name, command[0].line, err) }
		operations, err := curlCommand(c.censor, command)
		if err != nil {
			return nil, at(err)
		}
		for _, o := range operations {
			if o.Problem != "" {
				o.Problem = at(errors.New(o.Problem)).Error()
			}
			if err := c.add(o); err != nil {
				return nil, err
			}
		}
	}
	if len(c.doc.Operations) == 0 {
		return nil, fmt.Errorf("%s: has no line of curl; write for example curl http://127.0.0.1:5000/api/profile", name)
	}
	return &c.doc, nil
}

// curl is what one command asks for.
type curl struct {
	method  string
	head    bool
	get     bool // -G: data goes into the query
	json    bool
	basic   bool // -u: somebody's name and password, which are dropped
	fields  [][2]string
	data    []string
	unknown string // a variable in the data or in a file of it
	urls    []word
}

// option is what an option of curl does with its value.
type option struct {
	set   func(c *curl, value word) error
	value bool // it has one
}

var (
	ignored      = option{}
	ignoredValue = option{value: true}
)

// options are those that are known, by both of their names.
var options = map[string]option{
	"-X --request": {func(c *curl, v word) error { c.method = v.text; return nil }, true},
	"-H --header":  {(*curl).header, true},
	"-d --data --data-ascii --data-binary": {func(c *curl, v word) error {
		if strings.HasPrefix(v.text, "@") {
			c.unknown = "a file"
		}
		return c.add(v)
	}, true},
	"--data-raw":       {(*curl).add, true},
	"--data-urlencode": {(*curl).encoded, true},
	"--json":           {func(c *curl, v word) error { c.json = true; return c.add(v) }, true},
	"-G --get":         {func(c *curl, _ word) error { c.get = true; return nil }, false},
	"-I --head":        {func(c *curl, _ word) error { c.head = true; return nil }, false},
	"-u --user":        {func(c *curl, _ word) error { c.basic = true; return nil }, true},
	"--oauth2-bearer": {func(c *curl, _ word) error {
		c.fields = append(c.fields, [2]string{"Authorization", "Bearer"})
		return nil
	}, true},
	"--url": {func(c *curl, v word) error { c.urls = append(c.urls, v); return nil }, true},

	"-b --cookie": ignoredValue, "-c --cookie-jar": ignoredValue, "-A --user-agent": ignoredValue, "-e --referer": ignoredValue,
	"-o --output": ignoredValue, "-w --write-out": ignoredValue, "-m --max-time": ignoredValue, "--connect-timeout": ignoredValue,
	"--retry": ignoredValue, "--retry-delay": ignoredValue, "--max-redirs": ignoredValue, "-D --dump-header": ignoredValue, "--cacert": ignoredValue,
	"--compressed": ignored, "-k --insecure": ignored, "-L --location": ignored, "-s --silent": ignored, "-S --show-error": ignored,
	"-v --verbose": ignored, "-i --include --show-headers": ignored, "-f --fail": ignored, "--fail-with-body": ignored, "-g --globoff": ignored,
	"-O --remote-name": ignored, "-J --remote-header-name": ignored, "-N --no-buffer": ignored, "-# --progress-bar": ignored,
	"--http1.1": ignored, "--http2": ignored, "--http3": ignored, "-0 --http1.0": ignored, "-4 --ipv4": ignored, "-6 --ipv6": ignored,
	"--basic": ignored, "--tlsv1.2": ignored, "--path-as-is": ignored, "-q --disable": ignored, "--no-progress-meter": ignored,
}

var optionByName = func() map[string]option {
	byName := make(map[string]option)
	for names, o := range options {
		for name := range strings.FieldsSeq(names) {
			byName[name] = o
		}
	}
	return byName
}()

// curlCommand makes operations of the words of one command.
func curlCommand(s *censor, words []word) ([]Operation, error) {
	if slices.Contains([]string{"$", "%", ">"}, words[0].text) && len(words) > 1 {
		words = words[1:] // a prompt
	}
	if words[0].text != "curl" && words[0].text != "curl.exe" {
		return nil, errors.New("it does not begin with curl; give lines of curl alone")
	}
	var c curl
	for words = words[1:]; len(words) > 0; {
		n, err := c.take(words)
		if err != nil {
			return nil, err
		}
		words = words[n:]
	}
	if len(c.urls) == 0 {
		return nil, errors.New("it has no URL")
	}
	var list []Operation
	for _, u := range c.urls {
		o, err := c.operation(s, u)
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// take reads the next argument, and returns how many words it has.
func (c *curl) take(words []word) (int, error) {
	w := words[0]
	switch {
	case strings.HasPrefix(w.text, "--") && len(w.text) > 2:
		return c.option(w.text, "", words)
	case strings.HasPrefix(w.text, "-") && len(w.text) > 1:
		// -sSL are three; -XPOST is one with its value behind it.
		for i := 1; i < len(w.text); i++ {
			name := "-" + w.text[i:i+1]
			if o, known := optionByName[name]; known && !o.value {
				if err := c.set(o, word{}); err != nil {
					return 0, err
				}
				continue
			}
			return c.option(name, w.text[i+1:], words)
		}
		return 1, nil
	}
	c.urls = append(c.urls, w)
	return 1, nil
}

var optionName = regexp.MustCompile(`^(-[A-Za-z0-9#:]|--[a-z][a-z0-9.-]{1,24})$`)

// option sets the option of a name, whose value is attached or the next word.
func (c *curl) option(name, attached string, words []word) (int, error) {
	o, known := optionByName[name]
	switch {
	case !known && optionName.MatchString(name) && !newCensor().carries(name):
		return 0, fmt.Errorf("the option %s of curl is not known here; leave it out", name)
	case !known:
		return 0, errors.New("it has an option that is not known here; leave it out")
	case !o.value:
		return 1, c.set(o, word{})
	case attached != "":
		return 1, c.set(o, word{attached, words[0].line, words[0].expands})
	case len(words) < 2:
		return 0, fmt.Errorf("nothing follows the option %s", name)
	}
	return 2, c.set(o, words[1])
}

func (c *curl) set(o option, value word) error {
	if o.set == nil {
		return nil
	}
	return o.set(c, value)
}

func (c *curl) header(v word) error {
	if strings.HasPrefix(v.text, "@") {
		return errors.New("it takes fields from a file, which is not read; write them out")
	}
	name, value, _ := strings.Cut(v.text, ":")
	if v.expands != "" && !strings.EqualFold(strings.TrimSpace(name), "Authorization") {
		value = "" // keepFields makes a parameter of it
	}
	c.fields = append(c.fields, [2]string{name, value})
	return nil
}

// add takes data as it is.
func (c *curl) add(v word) error {
	c.unknown = cmp.Or(c.unknown, v.expands)
	c.data = append(c.data, v.text)
	return nil
}

// encoded takes content, =content or name=content, and encodes the content.
func (c *curl) encoded(v word) error {
	name, content, ok := strings.Cut(v.text, "=")
	switch {
	case !ok && strings.Contains(v.text, "@"):
		c.unknown = "a file"
	case !ok:
		v.text = url.QueryEscape(v.text)
	case name == "":
		v.text = url.QueryEscape(content)
	default:
		v.text = name + "=" + url.QueryEscape(content)
	}
	return c.add(v)
}

func (c *curl) operation(s *censor, at word) (Operation, error) {
	if at.expands != "" {
		return Operation{}, fmt.Errorf("its URL holds the variable %s, whose value is not known here; write it out", quote(at.expands))
	}
	address := at.text
	if !strings.Contains(address, "://") {
		address = "http://" + address // as curl does
	}
	u, err := absolute(address)
	if err != nil {
		return Operation{}, err
	}
	q := recorded{method: c.method, url: u, fields: slices.Clone(c.fields)}
	join := "&"
	if c.json {
		join = ""
		q.media = mediaJSON
	}
	data := strings.Join(c.data, join)
	switch {
	case c.get && data != "":
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+data, "&")
		u.RawQuery, _, _ = strings.Cut(u.RawQuery, "#")
	case c.data != nil:
		q.body, q.media = []byte(data), cmp.Or(q.media, mediaForm)
		q.method = cmp.Or(q.method, "POST")
	}
	if c.head {
		q.method = cmp.Or(q.method, "HEAD")
	}
	q.method = cmp.Or(q.method, "GET")
	o := q.operation(s)
	if c.json {
		o.Accept = cmp.Or(o.Accept, mediaJSON)
	}
	if c.basic && o.Alternatives == nil {
		o.Alternatives = [][]Scheme{{{Name: "user", Kind: Basic}}}
	}
	if c.unknown != "" && o.Problem == "" && c.data != nil {
		o.Problem, o.Body = "its data comes from "+printable(c.unknown)+", whose value is not known here; write it out", nil
	}
	return o, nil
}
