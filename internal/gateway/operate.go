package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/bearcache/bearcache"
	"github.com/bearcache/bearcache/bearer"
)

// maxOrder bounds what an operator sends, in bytes.
const maxOrder = 64 << 10

// unmet is why an operator's wish cannot be met: a status, and a sentence that repeats nothing.
type unmet struct {
	status   int
	sentence string
}

// read decodes an order. What it holds may be a token: no error repeats any of it.
func read(w http.ResponseWriter, r *http.Request, to any) *unmet {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err == nil {
		if err = json.Unmarshal(data, to); err == nil {
			err = exact(data, to)
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &unmet{http.StatusRequestEntityTooLarge, "the content has more than 64 KiB"}
	case err != nil:
		return &unmet{http.StatusBadRequest, "the content is not one JSON object of the fields that are known here, each once, in these letters and of its type"}
	}
	return nil
}

var errNames = errors.New("a member that there is not, or twice")

// exact refuses members that to does not have in these letters, and those that are there twice: encoding/json takes a name in
// other letters for the same, and of two members the last, where whoever looked at the order before may have seen the first.
// data is valid JSON, which to was read from.
func exact(data []byte, to any) error {
	names := make(map[string]bool) // whether it was there
	for t, i := reflect.TypeOf(to).Elem(), 0; i < t.NumField(); i++ {
		names[t.Field(i).Tag.Get("json")] = false
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if start, _ := d.Token(); start != json.Delim('{') {
		return errNames
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		text, _ := name.(string)
		if twice, known := names[text]; twice || !known {
			return errNames
		}
		names[text] = true
		if err := d.Decode(new(json.RawMessage)); err != nil {
			return err
		}
	}
	return nil
}

// purgeOrder is the content of POST /api/v1/purge: one of what, and subject with its issuer.
type purgeOrder struct {
	URL        string `json:"url"`
	Prefix     string `json:"prefix"`
	Tag        string `json:"tag"`
	Subject    string `json:"subject"`
	Issuer     string `json:"issuer"`
	Everything bool   `json:"everything"`
	DryRun     bool   `json:"dry_run"`
}

// what are the kinds that are stated, each with its text.
func (o purgeOrder) what() (kind, text string, stated int) {
	for _, one := range [][2]string{{"url", o.URL}, {"prefix", o.Prefix}, {"tag", o.Tag}, {"subject", o.Subject}} {
		if one[1] != "" {
			kind, text, stated = one[0], one[1], stated+1
		}
	}
	if o.Everything {
		kind, stated = "everything", stated+1
	}
	return kind, text, stated
}

// wrong says what is wrong with o, behind the member that it is about. err is what the library says of an extent in its own
// terms, and repeats nothing.
func (o purgeOrder) wrong(kind string, err error) string {
	if len(o.Issuer) > len(o.Subject) { // of two texts the longer is the one that is too long
		kind = "issuer"
	}
	said := err.Error()
	for _, of := range [][2]string{{"TargetURI ", "url: nothing is stored under one "}, {"Prefix ", "prefix: nothing is stored under one "}, {"Tag that ", "tag: it "}, {"text with ", kind + ": it has "}} {
		if why, ok := strings.CutPrefix(said, "bearcache: purge of a "+of[0]); ok {
			return of[1] + why
		}
	}
	return said
}

func (g *Gateway) purge(w http.ResponseWriter, r *http.Request) {
	var o purgeOrder
	if no := read(w, r, &o); no != nil {
		problem(w, no.status, no.sentence)
		return
	}
	kind, text, stated := o.what()
	if stated != 1 || o.Issuer != "" && kind != "subject" {
		problem(w, http.StatusBadRequest, "say exactly one of url, prefix, tag, subject (perhaps with issuer) and everything")
		return
	}
	extents := o.extents()
	if kind == "subject" {
		issuer, no := g.issuer(o.Issuer)
		if no != nil {
			problem(w, no.status, no.sentence)
			return
		}
		extents[0].Issuer, extents[0].Subject = issuer, o.Subject
	}
	records, err := g.forget(r.Context(), extents, o.DryRun)
	if err != nil && !errors.Is(err, bearcache.ErrNotShared) {
		problem(w, http.StatusBadRequest, o.wrong(kind, err))
		return
	}
	status, others := g.otherNodes(g.cache.PurgeLog, err)
	if o.DryRun {
		others = "not told: this is a dry run"
	} else {
		g.options.Logger.Info("an operator purged", "what", kind, "of", digestOf(text), "records", records, "other_nodes", others)
	}
	answer := map[string]any{"purged": kind, "records": records, "other_nodes": others}
	if o.DryRun {
		answer["dry_run"] = true
	}
	reply(w, status, answer)
}

// extents are what an order is about. The gateway speaks HTTP alone, so that what clients know as https is stored as http here,
// under the authority that they sent, with or without the port of https. An https URL is all of these.
func (o purgeOrder) extents() []bearcache.Extent {
	list := []bearcache.Extent{{TargetURI: o.URL, Prefix: o.Prefix, Tag: o.Tag}}
	for _, uri := range asHTTP(o.URL) {
		list = append(list, bearcache.Extent{TargetURI: uri})
	}
	for _, uri := range asHTTP(o.Prefix) {
		list = append(list, bearcache.Extent{Prefix: uri})
	}
	return list
}

// asHTTP are the http URIs that stand for an https one; of others there are none.
func asHTTP(uri string) []string {
	const scheme = "https://"
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return nil
	}
	host, rest := uri[len(scheme):], ""
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host, rest = host[:i], host[i:]
	}
	plain := strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":")
	if strings.LastIndexByte(plain, ':') > strings.LastIndexByte(plain, ']') { // another port
		return []string{"http://" + plain + rest}
	}
	return []string{"http://" + plain + rest, "http://" + plain + ":443" + rest}
}

// forget purges all of extents, and says how many records that were. A dry run only counts. An error that wraps
// bearcache.ErrNotShared says that it is done here.
func (g *Gateway) forget(ctx context.Context, extents []bearcache.Extent, dry bool) (records int, err error) {
	for _, extent := range extents {
		n, err := g.cache.Count(ctx, extent)
		if err != nil {
			return 0, err
		}
		records += n
	}
	if dry {
		return records, nil
	}
	for _, extent := range extents {
		e := g.cache.Purge(ctx, extent)
		if e != nil && !errors.Is(e, bearcache.ErrNotShared) {
			return records, e
		}
		err = errors.Join(err, e)
	}
	return records, err
}

// otherNodes is what is said of other nodes, and the status that goes with it: what holds here and is not told yet is
// accepted, not done.
func (g *Gateway) otherNodes(log bearcache.PurgeLog, err error) (status int, sentence string) {
	switch {
	case errors.Is(err, bearcache.ErrNotShared):
		return http.StatusAccepted, "not told yet"
	case log == nil:
		return http.StatusOK, "none"
	}
	return http.StatusOK, "within " + bearcache.PurgeBound.String()
}

// issuer is the one that an operator means: where one is verified, that one.
func (g *Gateway) issuer(named string) (string, *unmet) {
	switch {
	case g.verifier == nil:
		return "", &unmet{http.StatusConflict, "this gateway verifies no tokens, so that it knows neither their subject nor their jti: configure verify, or speak of URLs, tags and tokens"}
	case named != "" && g.options.Issuer != "" && named != g.options.Issuer:
		return "", &unmet{http.StatusBadRequest, "this gateway verifies no tokens of that issuer: leave it out, or compare it with verify.issuer"}
	case named == "" && g.options.Issuer == "":
		return "", &unmet{http.StatusBadRequest, "say which issuer is meant"}
	case named == "":
		return g.options.Issuer, nil
	}
	return named, nil
}

// revokeOrder is the content of POST /api/v1/revoke: one token, or one jti or subject with its issuer.
type revokeOrder struct {
	Token   string    `json:"token"`
	JTI     string    `json:"jti"`
	Subject string    `json:"subject"`
	Issuer  string    `json:"issuer"`
	Until   time.Time `json:"until"`
}

// How long a revocation is remembered if nobody says until when the tokens are good. One of a subject also refuses its tokens
// to come that do not say when they were issued, and cannot be taken back: that must not last for long.
const (
	revokedFor        = 366 * 24 * time.Hour
	subjectRevokedFor = 30 * 24 * time.Hour
)

// maxRevoked is how many bytes of a name bearer.Revocations remember.
const maxRevoked = 1 << 10

// wrong says why bearer.Revocations do not take o, behind the member that it is about.
func (o revokeOrder) wrong() string {
	for _, one := range [][2]string{{"jti", o.JTI}, {"subject", o.Subject}, {"issuer", o.Issuer}} {
		if len(one[1]) > maxRevoked {
			return one[0] + ": it has more than 1,024 bytes, and cannot be remembered; revoke the tokens themselves"
		}
	}
	return "until: it is after 2241, and cannot be remembered; say when the last token that is meant ends"
}

// revocation is what o is about, and the word for it.
func (g *Gateway) revocation(o revokeOrder, now time.Time) (r bearer.Revocation, kind string, no *unmet) {
	stated := 0
	for _, one := range [][2]string{{"token", o.Token}, {"jti", o.JTI}, {"subject", o.Subject}} {
		if one[1] != "" {
			kind, stated = one[0], stated+1
		}
	}
	if stated != 1 || o.Issuer != "" && kind == "token" {
		return r, "", &unmet{http.StatusBadRequest, "say exactly one of token, jti and subject, the latter two perhaps with issuer"}
	}
	if r.Until = o.Until; o.Until.IsZero() {
		r.Until = now.Add(revokedFor)
		if kind == "subject" {
			r.Until = now.Add(subjectRevokedFor)
		}
	} else if !o.Until.After(now) {
		return r, "", &unmet{http.StatusBadRequest, "until: it is over; leave it out, or say when the last token that is meant ends"}
	}
	if kind == "token" {
		if scheme, _, two := strings.Cut(o.Token, " "); two && strings.EqualFold(scheme, "Bearer") {
			return r, "", &unmet{http.StatusBadRequest, "the token has its scheme before it: leave out Bearer and the space"}
		}
		if _, err := g.options.Syntax.Token(&http.Request{Header: http.Header{"Authorization": {"Bearer " + o.Token}}}); err != nil {
			return r, "", &unmet{http.StatusBadRequest, "the token is none that a request can carry"}
		}
		r.Digest = digestOfToken(o.Token)
		return r, kind, nil
	}
	if r.Issuer, no = g.issuer(o.Issuer); no != nil {
		return r, "", no
	}
	if r.ID, r.Subject = o.JTI, o.Subject; kind == "subject" {
		r.At = now
	}
	return r, kind, nil
}

func (g *Gateway) revokeNow(w http.ResponseWriter, r *http.Request) {
	var o revokeOrder
	if no := read(w, r, &o); no != nil {
		problem(w, no.status, no.sentence)
		return
	}
	revocation, kind, no := g.revocation(o, time.Now())
	if no != nil {
		problem(w, no.status, no.sentence)
		return
	}
	err := g.revoke(r.Context(), revocation)
	switch {
	case errors.Is(err, bearer.ErrFull):
		problem(w, http.StatusInsufficientStorage, "there is no room for another revocation until some of them end")
		return
	case err != nil && !errors.Is(err, bearcache.ErrNotShared):
		problem(w, http.StatusBadRequest, o.wrong())
		return
	}
	status, others := g.otherNodes(g.options.RevocationLog, err)
	until := g.revokedUntil(revocation).UTC().Format(time.RFC3339)
	g.options.Logger.Info("an operator revoked", "what", kind, "of", digestOf(o.Token+o.JTI+o.Subject), "until", until, "other_nodes", others)
	answer := map[string]any{"revoked": kind, "until": until, "other_nodes": others}
	var notes []string
	if g.nodes.strangers() {
		notes = append(notes, "the log has entries of nodes with another secret, and they will not refuse it: revoke there too, and compare the secrets")
	}
	if kind == "subject" {
		notes = append(notes, "until then its tokens that do not say when they were issued (iat) are refused too, new ones among them, and so are those that were issued within "+
			g.revocations.Leeway.String()+" from now, since the issuer's clock may be ahead")
	}
	if notes != nil {
		answer["note"] = strings.Join(notes, "; ")
	}
	reply(w, status, answer)
}

// digestOf stands for what an operator named, in the log.
func digestOf(text string) string {
	if text == "" {
		return ""
	}
	return redactor.Digest(text)
}

// problem answers an operator whose wish was not met.
func problem(w http.ResponseWriter, status int, sentence string) {
	reply(w, status, map[string]any{"error": sentence})
}

func reply(w http.ResponseWriter, status int, content map[string]any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(content)
}
