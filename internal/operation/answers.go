package operation

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const maxAnswers = 8 // media types of one operation

// answers are the media types of an operation's good responses, read once; nil where there are not several: what a client
// prefers then makes no difference. In Swagger 2.0 the operation or the document says what is produced.
func (r *reader) answers(n *yaml.Node) []string {
	at := r.get(n, "responses")
	if r.swagger {
		if at = r.get(n, "produces"); at == nil {
			at = r.get(r.root, "produces")
		}
	}
	if at == nil {
		return nil
	}
	if list, done := r.answered[at]; done {
		return list
	}
	var list []string
	add := func(media string) {
		media, _, _ = strings.Cut(strings.ToLower(media), ";")
		if media = strings.TrimSpace(media); mediaType(media) && len(list) < maxAnswers && !slices.Contains(list, media) {
			list = append(list, media)
		}
	}
	if r.swagger {
		for _, media := range r.elements(at) {
			add(text(media))
		}
	} else {
		seen := 0
		for status, response := range r.pairs(at) {
			if seen++; seen > maxList {
				break
			}
			response, err := r.resolve(response)
			if err != nil || !strings.HasPrefix(status.Value, "2") {
				continue
			}
			for media := range r.pairs(r.get(response, "content")) {
				if seen++; seen > maxList {
					break
				}
				add(media.Value)
			}
		}
	}
	if len(list) < 2 {
		list = nil
	}
	r.answered[at] = list
	return list
}

// mediaType is true for what fits into Accept as one type, and is no range of them.
func mediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && isToken(kind) && isToken(sub) && !strings.Contains(s, "*") && len(s) <= maxName
}
