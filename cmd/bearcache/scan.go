package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bearcache/bearcache/docs/rules"
	"github.com/bearcache/bearcache/internal/audit"
	"github.com/bearcache/bearcache/internal/config"
	"github.com/bearcache/bearcache/internal/finding"
	"github.com/bearcache/bearcache/internal/operation"
	"github.com/bearcache/bearcache/internal/report"
	"github.com/bearcache/bearcache/internal/scan"
)

type scanFlags struct {
	common
	OpenAPI    string   `name:"openapi" placeholder:"FILE|URL" help:"OpenAPI 3.0 or 3.1, or Swagger 2.0, JSON or YAML."`
	HAR        string   `name:"har" placeholder:"FILE" help:"What a browser recorded (HAR 1.2). Credentials in it are dropped, and so is what went to other origins."`
	Postman    string   `placeholder:"FILE" help:"A Postman collection, version 2.0 or 2.1. Credentials in it are dropped."`
	Curl       []string `sep:"none" placeholder:"LINE|@FILE" help:"A line of curl, or a file of them; repeatable. Credentials in it are dropped."`
	URL        []string `name:"url" sep:"none" placeholder:"METHOD:PATH|URL" help:"An operation, alone or beside another input; of a URL it is GET. Repeatable."`
	Target     string   `placeholder:"URL" help:"Base URL of the API. Without it a server of the document is taken, if it is on this machine or at the origin of the document's own URL, or the origin of --url URL."`
	Identity   []string `sep:"none" placeholder:"NAME=SOURCE" help:"A bearer; SOURCE is env:VAR, file:PATH, cmd:COMMAND or oauth2:FILE. Give two, of different users."`
	Credential []string `sep:"none" placeholder:"NAME.SCHEME=SOURCE" help:"What identity NAME shows for the document's security scheme SCHEME, where that is not its bearer: an API key, user:password for Basic, a cookie's value; SOURCE is env:VAR, file:PATH or cmd:COMMAND. Repeatable."`
	Downscoped []string `sep:"none" placeholder:"NAME=OF" help:"Identity NAME is the same user as identity OF with less scope, which opaque tokens do not tell; repeatable."`
	Param      []string `sep:"none" placeholder:"[IDENTITY.]NAME=VALUE" help:"A value for a path, query or header parameter; repeatable."`
	Header     []string `sep:"none" placeholder:"NAME: VALUE" help:"A field sent with every request; repeatable."`
	reporting
	Checks        []string       `placeholder:"ID" help:"Make these checks only. Naming error-poisoning makes it everywhere, where otherwise it is made only where nobody can feel it."`
	SkipChecks    []string       `placeholder:"ID" help:"Leave these checks out."`
	UnsafeMethods bool           `help:"Send POST, PUT, PATCH and DELETE too, as readers that may change things. Never against a system that others use."`
	Burst         int            `default:"0" placeholder:"N" help:"Let N requests of the readers meet on one cold entry at once, five times for each operation: finds caches that collapse requests of different readers."`
	Rate          float64        `default:"50" help:"Requests per second, at most."`
	Concurrency   int            `default:"4" help:"Operations at a time."`
	MaxRequests   int            `default:"10000" help:"Requests of the whole scan, at most."`
	Timeout       time.Duration  `default:"10s" help:"How long to wait for one answer."`
	Wait          *time.Duration `placeholder:"65s" help:"How long to wait, where nothing else gives proof, for stored responses to expire. Given, it holds for whatever is the same for two readers too, where it is 9s otherwise if little speaks for a leak."`
	Origin        string         `placeholder:"URL" help:"The same API past the cache, for controls. Tokens are sent there too."`
	Marker        []string       `sep:"none" placeholder:"IDENTITY=TEXT" help:"Text that only this identity may ever see; repeatable."`
	Source        string         `placeholder:"PATH" help:"Source code and configuration of the target. What is proven is shown with the lines that audit blames for it, and what audit finds and the scan did not prove is listed."`
	Explain       *string        `placeholder:"CHECK" help:"Say what a check looks for, how it is proven and how to mend it, and do nothing else."`
	Trace         string         `placeholder:"FILE" help:"Write every request to FILE, a line each, as it is answered; tokens stand in it as variables."`
	Verbose       bool           `short:"v" help:"List clean operations too."`
}

const scanHelp = `
Prove over HTTP that responses made for one bearer reach another, or nobody in particular.
Only GET and HEAD requests are sent unless --unsafe-methods is given, and tokens to the target's own scheme, host and port only.

Example:
  export ALICE_TOKEN=… BOB_TOKEN=…
  bearcache scan --openapi openapi.yaml --target http://127.0.0.1:5000 --identity alice=env:ALICE_TOKEN --identity bob=env:BOB_TOKEN`

func runScan(ctx context.Context, e env, args []string) error {
	var flags scanFlags
	if err := parse(e, "scan", scanHelp, &flags, args); err != nil {
		return err
	}
	if flags.Explain != nil {
		return explain(e, *flags.Explain, finding.Rules)
	}
	if _, err := flags.load(); err != nil {
		return err
	}
	failOn, err := flags.threshold()
	if err != nil {
		return err
	}
	outputs, err := flags.outputs(flags.Verbose)
	if err != nil {
		return err
	}
	known, err := flags.known(report.ScanSchema)
	if err != nil {
		return err
	}
	source, err := flags.readSource(ctx)
	if err != nil {
		return err
	}
	options, err := flags.options(ctx, e)
	var result *finding.Report
	switch {
	case err != nil && options.Target != nil && errors.As(err, new(unfinished)):
		result = flags.notBegun(options, err)
	case err != nil:
		return err
	default:
		trace, err := flags.traceTo(&options)
		if err != nil {
			return err
		}
		defer trace.Close()
	}
	if result == nil {
		line := newProgressLine(e)
		options.Progress, options.Known = line.show, known
		result, err = scan.Run(ctx, options)
		line.clear()
	}
	result.Version, _ = build()
	result.Document, result.FailOn, result.Known = flags.documentTitle(), failOn, known
	for _, c := range options.Checks {
		result.Checks = append(result.Checks, c.Rule)
	}

	if source != nil {
		audit.Beside(result, source, basesOf(options))
	}
	verdict, exit := outcome(result, err)
	return writeAll(e, outputs, result, verdict, exit)
}

// notBegun is the report of a scan that could not begin, for a reason that is no mistake in how it was called: whoever reads reports
// only must not find none.
func (f *scanFlags) notBegun(o scan.Options, why error) *finding.Report {
	r := &finding.Report{Target: o.Target.String(), Started: time.Now(), Incomplete: why.Error()}
	for _, identity := range f.Identity {
		if name, _, _ := strings.Cut(identity, "="); identityName.MatchString(name) {
			r.Identities = append(r.Identities, name)
		}
	}
	return r // without operations: in their names a token could stand that is not known here
}

// readSource audits --source. It is done first: a path that is wrong must not cost a scan.
func (f *scanFlags) readSource(ctx context.Context) (*finding.Report, error) {
	if f.Source == "" {
		return nil, nil
	}
	source, err := openSource([]string{f.Source})
	if err != nil {
		return nil, fmt.Errorf("--source: %w", err)
	}
	defer source.Close()
	r, _ := audit.Run(ctx, source.Trees, audit.Options{Languages: languages})
	withoutSecrets(r)
	return r, nil
}

// basesOf are the paths under which the operations of a document are, and of which routes in source may know.
func basesOf(o scan.Options) []string {
	bases := slices.Clone(o.ServerPaths)
	if o.Target != nil {
		bases = append(bases, o.Target.Path)
	}
	return bases
}

// traceTo has every request written to --trace.
func (f *scanFlags) traceTo(o *scan.Options) (io.Closer, error) {
	if f.Trace == "" {
		return io.NopCloser(nil), nil
	}
	file, err := os.OpenFile(f.Trace, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write the trace: %w", plainPath(err))
	}
	o.Trace = func(t scan.Traced) {
		status := report.Plain(t.Problem)
		if status == "" {
			status = strconv.Itoa(t.Status)
		}
		fmt.Fprintf(file, "%d\t%s\t%s\t%.1f ms\t%s\n", t.Number, report.Plain(t.As), status, float64(t.Took.Microseconds())/1000, report.Plain(t.Request))
	}
	return file, nil
}

// explain prints the page of a rule of a catalogue.
func explain(e env, id string, catalogue []*finding.Rule) error {
	rule := finding.Find(id)
	if rule == nil || !slices.Contains(catalogue, rule) {
		return fmt.Errorf("--explain: %w", notAmong(wordFor(catalogue), id, idsOf(catalogue)))
	}
	page, ok := rules.Page(id)
	if !ok {
		page = "# " + id + "\n\n" + rule.Title + "\n"
	}
	if err := report.Explain(e.stdout, page, e.colour(e.stdout)); err != nil {
		return err
	}
	return report.ExplainRemedy(e.stdout, rule, e.colour(e.stdout))
}

// wordFor is what the members of a catalogue are called: scan has checks, audit has rules.
func wordFor(catalogue []*finding.Rule) string {
	if strings.Contains(catalogue[0].ID, "/") {
		return "rule"
	}
	return "check"
}

// documentTitle is what reports call the API document; empty where it is not known, or may not be repeated.
func (f *scanFlags) documentTitle() string {
	if f.OpenAPI == "" {
		return ""
	}
	if name := documentName(f.OpenAPI); name != unshown {
		return name
	}
	return ""
}

// outcome is the line that ends a terminal report, and the error that makes the exit status.
func outcome(r *finding.Report, err error) (verdict string, exit error) {
	compared := r.Known != nil
	switch {
	case err != nil:
		return "exit 3 (not completed)", unfinished{err}
	case slices.ContainsFunc(r.Findings, r.Counts) && compared:
		return "exit 1 (new findings" + atThreshold(r.FailOn) + ")", found{}
	case slices.ContainsFunc(r.Findings, r.Counts):
		return "exit 1 (findings" + atThreshold(r.FailOn) + ")", found{}
	case r.FailOn == finding.Never && len(r.Findings) > 0:
		verdict = "findings do not count with --fail-on never"
	case r.FailOn == finding.Never:
		verdict = "nothing found"
	case compared:
		verdict = "nothing new" + atThreshold(r.FailOn)
	default:
		verdict = "nothing" + atThreshold(r.FailOn)
	}
	if r.Alone() {
		verdict += ", another user not tested"
	}
	if undecided := r.Undecided(); undecided > 0 {
		verdict += fmt.Sprintf(", %d undecided", undecided)
	}
	return "exit 0 (" + verdict + ")", nil
}

// atThreshold says from where on findings count, behind a noun.
func atThreshold(s finding.Severity) string {
	if s == finding.Critical { // nothing is above it
		return " at critical"
	}
	return " at " + s.String() + " or above"
}

// options turns flags into what the scanner needs, and refuses what cannot lead to a proof.
func (f *scanFlags) options(ctx context.Context, e env) (o scan.Options, err error) {
	// NaN is neither greater nor less.
	wait := scan.Defaults.Wait
	if f.Wait != nil {
		wait = *f.Wait
	}
	if !(f.Rate > 0) || f.Concurrency < 1 || f.MaxRequests < 1 || f.Timeout <= 0 || wait < 0 || f.Burst < 0 || f.Burst > maxBurst {
		return o, fmt.Errorf("--rate, --concurrency, --max-requests and --timeout must be greater than zero, --wait not negative, and --burst between 0 and %d", maxBurst)
	}
	o = scan.Options{
		Rate: f.Rate, Concurrency: f.Concurrency, MaxRequests: f.MaxRequests, Timeout: f.Timeout, Wait: wait, WaitAlways: f.Wait != nil, Header: http.Header{},
		UnsafeMethods: f.UnsafeMethods, Burst: f.Burst,
	}
	document, err := f.document(ctx)
	if err != nil {
		return o, err
	}
	if o.Target, err = f.target(document); err != nil {
		return o, err
	}
	if err = document.aim(o.Target, f.Target != ""); err != nil {
		return o, err
	}
	o.Operations, o.ServerPaths = document.Operations, document.serverPaths()
	o.Feeds = (&operation.Document{Operations: o.Operations}).Feeds()
	if f.Origin != "" {
		if o.Origin, err = baseURL("--origin", f.Origin); err != nil {
			return o, err
		}
		if sameOrigin(o.Origin, o.Target) {
			return o, problem("--origin is where --target is", "give the address at which the API answers without the cache before it, or leave it out")
		}
	}
	if o.Identities, err = f.identities(ctx, e, kindsOf(o.Operations)); err != nil {
		return o, err
	}
	if o.Value, err = f.values(o.Identities, o.Operations); err != nil {
		return o, err
	}
	for _, h := range f.Header {
		name, value, ok := strings.Cut(h, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !fieldName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return o, fmt.Errorf("--header: write 'NAME: VALUE'")
		}
		if strings.EqualFold(name, "Authorization") {
			return o, errors.New("--header: Authorization is what differs between the identities; give tokens with --identity")
		}
		o.Header.Add(name, value)
	}
	o.Checks, err = f.checks()
	o.Hazards = slices.Contains(f.Checks, finding.ErrorPoisoning.ID)
	return o, err
}

// maxBurst is how many requests --burst may send at once.
const maxBurst = 50

var fieldName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

var identityName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

func (f *scanFlags) identities(ctx context.Context, e env, kinds map[string]credentialKind) ([]*scan.Identity, error) {
	if len(f.Identity) == 0 {
		return nil, problem("there is nobody to ask as", "give --identity alice=env:ALICE_TOKEN --identity bob=env:BOB_TOKEN, two different users")
	}
	var list []*scan.Identity
	for _, spec := range f.Identity {
		name, source, ok := strings.Cut(spec, "=")
		// Without a colon all of it may be a token: base64 ends with =.
		if !ok || !identityName.MatchString(name) || strings.Trim(source, "=") == "" {
			return nil, errors.New("--identity: write NAME=SOURCE, for example alice=env:ALICE_TOKEN")
		}
		if name == "nobody" || name == "forged" || slices.ContainsFunc(list, func(id *scan.Identity) bool { return id.Name == name }) {
			return nil, fmt.Errorf("--identity: the name %s is taken; choose another", name)
		}
		// Operations of --url have no document that could want anything but a bearer.
		from, err := openTokenSource(ctx, e, name, source, len(f.URL) > 0)
		if err != nil {
			return nil, err
		}
		for _, other := range list {
			if other.Token.Reveal() == from.Token.Reveal() {
				return nil, problem(fmt.Sprintf("%s and %s have the same token", other.Name, name), "give tokens of two different users")
			}
		}
		list = append(list, &scan.Identity{Name: name, Token: from.Token, Variable: from.Variable, Ends: from.Ends, Renew: from.Renew})
	}
	if err := f.markers(list); err != nil {
		return nil, err
	}
	if err := f.credentials(ctx, e, list, kinds); err != nil {
		return nil, err
	}
	return list, f.downscoped(list)
}

// kindsOf are the security schemes of a document, as far as operations want them.
func kindsOf(operations []operation.Operation) map[string]credentialKind {
	kinds := make(map[string]credentialKind)
	for _, op := range operations {
		for _, set := range op.Alternatives {
			for _, s := range set {
				switch {
				case s.Kind == operation.Bearer:
					kinds[s.Name] = bearerCredential
				case s.Kind == operation.Basic:
					kinds[s.Name] = basicCredential
				case s.Kind == operation.APIKey && s.In == "cookie":
					kinds[s.Name] = cookieCredential
				case s.Kind == operation.APIKey:
					kinds[s.Name] = anyCredential
				}
			}
		}
	}
	return kinds
}

func (f *scanFlags) markers(list []*scan.Identity) error {
	for _, m := range f.Marker {
		name, text, ok := strings.Cut(m, "=")
		i := slices.IndexFunc(list, func(id *scan.Identity) bool { return id.Name == name })
		switch {
		case !ok || i < 0:
			return errors.New("--marker: write IDENTITY=TEXT with the name of an --identity")
		case len(text) < 5:
			return fmt.Errorf("--marker %s: the text has fewer than 5 characters, and would be found anywhere", name)
		}
		list[i].Markers = append(list[i].Markers, text)
	}
	return nil
}

func (f *scanFlags) checks() ([]scan.Check, error) {
	var ids []string
	for _, c := range scan.Checks {
		ids = append(ids, c.Rule.ID)
	}
	for _, list := range [][]string{f.Checks, f.SkipChecks} {
		for i, id := range list {
			if list[i] = strings.TrimSpace(id); !slices.Contains(ids, list[i]) {
				return nil, notAmong("check", list[i], ids)
			}
		}
	}
	var list []scan.Check
	for _, c := range scan.Checks {
		if (len(f.Checks) == 0 || slices.Contains(f.Checks, c.Rule.ID)) && !slices.Contains(f.SkipChecks, c.Rule.ID) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("--checks and --skip-checks leave no check to make")
	}
	return list, nil
}

// notAmong says that a word is no id of a check, or of a rule, and which may have been meant.
func notAmong(what, word string, ids []string) error {
	shown := harmless(word)
	i := slices.IndexFunc(ids, func(id string) bool {
		_, name, _ := strings.Cut(id, "/") // of flask/token-in-log, either is a beginning
		return len(word) > 2 && (strings.HasPrefix(id, strings.ToLower(word)) || strings.HasPrefix(name, strings.ToLower(word)))
	})
	if meant := config.Nearest(word, ids); i < 0 && meant != "" {
		i = slices.Index(ids, meant)
	}
	if i >= 0 {
		return fmt.Errorf("there is no %s %q; did you mean %s?", what, shown, ids[i])
	}
	return fmt.Errorf("there is no %s %q; this version has %s", what, shown, strings.Join(ids, ", "))
}
