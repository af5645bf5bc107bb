package operation

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxRecording bounds a HAR file in bytes. Most of one is the content of responses, which is passed over.
const MaxRecording = 64 << 20

// ParseHAR reads a recording of a browser or a proxy (HAR 1.2): each method and URL that was asked is an
// operation, with a literal path, but for images, styles, scripts and fonts. Credentials in it are dropped.
func ParseHAR(name string, data []byte) (*Document, error) {
	if len(data) > MaxRecording {
		return nil, fmt.Errorf("%s: has more than %d MiB; record less, or export it without content", name, MaxRecording>>20)
	}
	root, err := parseRecording(name, data, "a HAR file")
	if err != nil {
		return nil, err
	}
	h := &har{tree: newTree(name, root), collector: newCollector(name)}
	entries := member(member(root, "log"), "entries")
	if !isSequence(entries) {
		return nil, h.errorf(root, "has no log with entries; is this a HAR file?")
	}
	for _, entry := range entries.Content {
		if err := h.entry(entry); err != nil {
			return nil, err
		}
	}
	if len(h.doc.Operations) == 0 {
		return nil, h.errorf(entries, "has no requests of an API, so there is nothing to repeat; record what the page asks the API")
	}
	return &h.doc, nil
}

// parseRecording parses JSON without what no reader of a recording looks at.
func parseRecording(name string, data []byte, kind string) (*yaml.Node, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fmt.Errorf("%s: is empty; give %s", name, kind)
	}
	if err := encoded(data); err != nil {
		return nil, located(name, err)
	}
	root, err := parseJSONWithout(data, func(parent, key string) bool {
		switch parent + "." + key {
		case "content.text", "entries.timings", "entries.cache", "log.pages", "request.cookies", "response.cookies", "response.headers":
			return true
		}
		return false
	})
	if errors.Is(err, errTooMany) {
		return nil, fmt.Errorf("%s: has more than %d values; scan it in parts", name, maxNodes)
	}
	if err != nil {
		return nil, located(name, err)
	}
	return root, nil
}

type har struct {
	*tree
	*collector
}

func (h *har) entry(n *yaml.Node) error {
	request := member(n, "request")
	address := text(member(request, "url"))
	scheme, _, _ := strings.Cut(strings.ToLower(address[:min(len(address), 8)]), ":")
	switch {
	case scheme != "http" && scheme != "https": // data:, blob:, wss:, chrome-extension:
		return nil
	case static(n, address) || text(member(n, "_resourceType")) == "preflight":
		return nil
	}
	u, err := absolute(address)
	if err != nil {
		return h.collector.add(Operation{Path: "?", Problem: h.errorf(member(request, "url"), "%v", err).Error()})
	}
	q := recorded{method: text(member(request, "method")), url: u}
	for _, f := range listed(member(request, "headers"), maxFields) {
		q.fields = append(q.fields, [2]string{text(member(f, "name")), text(member(f, "value"))})
	}
	posted := member(request, "postData")
	q.media, q.body = text(member(posted, "mimeType")), []byte(text(member(posted, "text")))
	o := q.operation(h.censor)
	if o.Problem != "" {
		o.Problem = h.errorf(request, "%s", o.Problem).Error()
	}
	return h.collector.add(o)
}

// static reports whether an entry is of what a page is made of, and not of what it shows.
func static(n *yaml.Node, address string) bool {
	if slices.Contains([]string{"image", "stylesheet", "script", "font", "media", "manifest", "texttrack", "ping"}, text(member(n, "_resourceType"))) {
		return true
	}
	media, _, _ := mime.ParseMediaType(text(member(member(member(n, "response"), "content"), "mimeType")))
	kind, sub, _ := strings.Cut(media, "/")
	switch {
	case kind == "image" || kind == "font" || kind == "audio" || kind == "video" || sub == "css" || strings.HasSuffix(sub, "javascript") || sub == "wasm":
		return true
	case media != "" && media != "x-unknown" && media != "application/octet-stream":
		return false
	}
	address, _, _ = strings.Cut(address[:min(len(address), maxPath)], "?")
	address, _, _ = strings.Cut(address, "#")
	return slices.Contains([]string{
		".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp4", ".webm", ".wasm",
	}, strings.ToLower(path.Ext(address)))
}

// member is the value of key in an object of JSON; of equal keys the last counts. It costs less than
// tree.get where nothing is looked up twice.
func member(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := len(n.Content)/2*2 - 2; i >= 0; i -= 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// listed are the first of a sequence, at most that many.
func listed(n *yaml.Node, most int) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content[:min(len(n.Content), most)]
}
